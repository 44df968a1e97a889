"""What a customer makes of a refund: one tap on the page once it has ended, or one call of his shop's program."""

import html
import re
from typing import Any

import httpx
import pytest

from domain.refund import Asking
from domain.refund_money import RefundRequest, Units
from ports.refunds import RefundAsked
from tests.api.conftest import Edge
from tests.api.test_refund_wishes import Desk, after, desk, send
from tests.builders import ORDER_ID

__all__ = ["desk"]
pytestmark = pytest.mark.slow
ENDED = "update refunds set decision = 'refused', stage = 'refused'"
BUTTONS = r'action="([^"]+/rating[^"]*)"'


@pytest.fixture
async def refund(desk: Desk) -> str:
    asking = Asking("r1", ORDER_ID, "c-17", request=RefundRequest((Units("1", 1),)))
    await desk.ask(RefundAsked(asking, "damaged", ""))
    return "r1"


async def buttons(edge: Edge) -> str | None:
    found = re.search(BUTTONS, (await edge.page(edge.link(), "en")).text)
    return html.unescape(found[1]) if found else None


async def put(edge: Edge, refund_id: str, **body: Any) -> httpx.Response:
    token = await edge.token("orders:write")
    return await edge.browser.put(f"/refunds/{refund_id}/rating", json=body, headers=token)


@pytest.mark.usefixtures("refund")
async def test_one_tap_rates_a_refund_that_has_ended(edge: Edge) -> None:
    assert await buttons(edge) is None
    await edge.sql(ENDED)
    url = await buttons(edge)
    assert url is not None
    for wrong in ({"score": "6"}, {"score": "five"}, {}):
        assert (await send(edge, wrong, url)).status_code == 404
    thanks = (await after(await send(edge, {"score": "4"}, url), edge)).text
    assert ("You gave it 4 of 5" in thanks, re.search(BUTTONS, thanks)) == (True, None)
    shown = (await edge.browser.get(edge.link().replace("?", ".json?"))).json()
    assert [each["score"] for each in shown["refunds"]] == [4]


async def test_a_shops_program_rates_for_its_customer_and_the_last_score_counts(edge: Edge, refund: str) -> None:
    early = await put(edge, refund, by="c-17", score=5)
    assert (early.status_code, early.json()["detail"]) == (409, "it is awaiting_approval: rate it once it has ended")
    await edge.sql(ENDED)
    for score in (1, 5, 5):
        assert (await put(edge, refund, by="c-17", score=score)).json() == {"refund": refund, "score": score}
    assert (await put(edge, refund, by="bob", score=5)).json()["title"] == "anothers refund"
    assert (await put(edge, refund, by="c-17", score=0)).status_code == 422
    assert (await put(edge, "nothing", by="c-17", score=3)).status_code == 404
    async with edge.house.engine.connect() as db:
        kept = (await db.exec_driver_sql("select refund_id, score from refund_ratings")).all()
    assert [tuple(each) for each in kept] == [(refund, 5)]


async def test_what_was_withdrawn_is_not_rated(edge: Edge, refund: str) -> None:
    await edge.sql("update refunds set decision = 'withdrawn', stage = 'withdrawn'")
    assert await buttons(edge) is None
    assert (await put(edge, refund, by="c-17", score=3)).status_code == 409
