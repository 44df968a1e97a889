"""A customer asks for a refund on his own page, and withdraws it."""

import html
import re
from dataclasses import replace

import httpx
import pytest

from api import refunds as refunds_of_the_api
from api.refund_wishes import REASONS
from api.templates.wish_page import STATUS
from api.templates.wish_words import CHINESE_WISHES, ENGLISH_WISHES, WishWords
from domain.approval import Mode, StepPlan, start
from domain.approval_verbs import Deed, withdraw
from domain.limits import Limits
from domain.reference import OrderId
from domain.refund import Asking, Kind
from domain.refund_money import RefundRequest, Units
from persistence.refunds import PostgresRefunds
from ports.refunds import ApprovalMoved, RefundAsked, RefundStep, RefundView
from runtime.updates import TemporalAway
from tests.api.conftest import Edge
from tests.builders import ORDER_ID, order
from workflows.refund_messages import ApprovalCommand

ONE = {"after": "0", "units.1": "1", "kind": "refund_only", "reason": "damaged", "note": "破了"}
ALL = {**ONE, "units.1": "2", "shipping": "800"}


class Desk:
    """Does at once what the refund's workflow does. `away`: nobody is reached; `idle`: no worker takes it up."""

    def __init__(self, edge: Edge) -> None:
        self.refunds = PostgresRefunds(edge.house.engine, edge.clock, Limits())
        self._now = edge.clock.now
        self.away = self.idle = False

    async def ask(self, asked: RefundAsked) -> RefundView | None:
        if self.away:
            raise TemporalAway("away")
        return None if self.idle else await self.refunds.open(asked)

    async def act(self, refund_id: str, command: ApprovalCommand) -> RefundView:
        if self.idle:
            raise TemporalAway("nobody has taken it up")
        step = RefundStep(refund_id, ORDER_ID, "t")
        view = await self.refunds.load(step)
        assert view.amount is not None
        asked = view.approval or start("c-17", view.amount, (StepPlan("support", Mode.ANY, ("lin",)),), self._now())
        if view.approval is None:
            await self.refunds.move_approval(ApprovalMoved(refund_id, ORDER_ID, "t", 1, asked, "workflow", "route"))
        after = withdraw(asked, Deed(command.by, self._now(), command.version))
        moved = ApprovalMoved(refund_id, ORDER_ID, "t", 2, after, command.by, "withdraw")
        return await self.refunds.move_approval(moved)


@pytest.fixture
async def desk(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> Desk:
    await edge.shipped()
    await edge.parcel(delivered=True)
    desk = Desk(edge)
    monkeypatch.setattr(refunds_of_the_api, "RefundDesk", lambda _: desk)
    return desk


def place(edge: Edge, rest: str = "/refund", order_id: OrderId = ORDER_ID) -> str:
    return edge.link(order_id).replace("?", f"{rest}?")


async def send(edge: Edge, fields: dict[str, str], url: str | None = None, **headers: str) -> httpx.Response:
    return await edge.browser.post(url or place(edge), data=fields, headers={"Accept-Language": "en", **headers})


async def count(edge: Edge) -> int:
    async with edge.house.engine.connect() as db:
        found: int = (await db.exec_driver_sql("select count(*) from refunds where refusal = ''")).scalar_one()
    return found


async def after(answer: httpx.Response, edge: Edge) -> httpx.Response:
    """Where the answer leads, and where that leads."""
    assert answer.status_code == 303, answer.text
    return await edge.browser.get(answer.headers["location"], headers={"Accept-Language": "en"}, follow_redirects=True)


def inputs(page: str) -> list[str]:
    return re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page)


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_the_form_offers_what_can_still_go_back_and_leads_to_the_refund(edge: Edge) -> None:
    tracking = (await edge.page(edge.link())).text
    link = re.search(r'href="([^"]+)">Ask for a refund', tracking)
    assert link is not None
    form = (await edge.page(html.unescape(link[1]))).text
    assert set(inputs(form)) == {"after", "units.1", "shipping", "kind", "reason", "note"}
    assert ("at most 2, ¥136.00" in form, "At most ¥144.00 can go back" in form, "<script" in form) == (
        True,
        True,
        False,
    )
    shown = (await after(await send(edge, ONE), edge)).text
    assert ("You get ¥68.00" in shown, "The shop is looking at your request" in shown) == (True, True)
    assert "at most 1, ¥68.00" in (await edge.page(place(edge))).text
    async with edge.house.engine.connect() as db:
        row = (await db.exec_driver_sql("select applicant, reason, note, kind from refunds")).one()
    assert (row.applicant, row.reason, row.kind, "破" in row.note) == ("c-17", "damaged", "refund_only", False)


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_a_double_click_is_one_refund_and_the_next_form_another(edge: Edge) -> None:
    first, second = await send(edge, ONE), await send(edge, ONE)
    assert first.headers["location"] == second.headers["location"]
    assert await count(edge) == 1
    await after(await send(edge, {**ONE, "after": "1"}), edge)
    assert await count(edge) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_more_than_can_go_back_is_refused_with_the_exact_maximum(edge: Edge) -> None:
    await send(edge, ONE)
    refused = await after(await send(edge, {**ALL, "after": "1"}), edge)
    assert "more than can still go back" in refused.text
    assert ("at most 1, ¥68.00" in refused.text, "At most ¥76.00" in refused.text) == (True, True)
    assert 'name="after" value="2"' in refused.text, "asked again it is another wish"
    assert await count(edge) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "wrong",
    [
        {"units.1": "0"},
        {"units.1": "-1"},
        {"units.1": "many"},
        {"units.1": "9" * 5000},
        {"reason": "because"},
        {"reason": ""},
        {"kind": "exchange"},
        {"shipping": "free"},
        {"note": "x" * 501},
    ],
)
async def test_what_the_form_does_not_ask_for_is_no_wish(edge: Edge, wrong: dict[str, str]) -> None:
    answer = await send(edge, {**ONE, **wrong})
    assert (answer.status_code, "Please choose what is to go back" in answer.text) == (422, True)
    assert await count(edge) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_a_return_is_a_return(edge: Edge) -> None:
    await send(edge, {**ONE, "kind": "return"})
    async with edge.house.engine.connect() as db:
        assert (await db.exec_driver_sql("select kind from refunds")).scalar_one() == Kind.RETURN


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_without_proof_nobody_asks_and_nothing_is_said(edge: Edge) -> None:
    number = "/track/1001/refund?shop=tea"
    wrong = f"{number}&proof={'0' * 32}"
    unknown = "/track/9999/refund?shop=tea"
    answers = [await send(edge, ONE, url) for url in (number, wrong, unknown)]
    answers += [await edge.page(url) for url in (number, wrong, unknown)]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    assert await count(edge) == 0
    assert "Ask for a refund" not in (await edge.page()).text


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost:8000"}, 303),
        ({}, 303),
    ],
)
async def test_another_sites_form_is_refused(edge: Edge, headers: dict[str, str], status: int) -> None:
    headers = {name: edge.house.settings.public_url if "localhost" in said else said for name, said in headers.items()}
    assert (await send(edge, ONE, **headers)).status_code == status
    assert await count(edge) == (status == 303)
    away = await send(edge, {"version": "1"}, place(edge, "/refunds/r1/withdrawal"), **headers)
    assert away.status_code == (403 if status == 403 else 404)


@pytest.mark.slow
async def test_what_nobody_has_taken_up_is_said_to_be_on_its_way(edge: Edge, desk: Desk) -> None:
    desk.idle = True
    waiting = await after(await send(edge, ONE), edge)
    assert (waiting.status_code, "We have your request" in waiting.text) == (202, True)
    desk.idle, desk.away = False, True
    assert (await send(edge, ONE)).status_code == 503
    desk.away = False
    assert "You get ¥68.00" in (await after(await send(edge, ONE), edge)).text
    assert await count(edge) == 1


@pytest.mark.slow
async def test_a_customer_withdraws_what_he_asked_for_himself(edge: Edge, desk: Desk) -> None:
    shown = (await after(await send(edge, ONE), edge)).text
    form = re.search(r'action="([^"]+/withdrawal[^"]+)"', shown)
    assert form is not None
    url = html.unescape(form[1])
    desk.idle = True
    waiting = await send(edge, {"version": "1"}, url)
    assert (waiting.status_code, "try again" in waiting.text) == (503, True)
    desk.idle = False
    assert (await send(edge, {"version": "one"}, url)).status_code == 404
    assert "too late" in (await send(edge, {"version": "2"}, url)).text.lower()
    for _ in range(2):
        gone = await after(await send(edge, {"version": "1"}, url), edge)
        assert ("Withdrawn</h2>" in gone.text, "withdrawal" in gone.text) == (True, False)
    assert "at most 2, ¥136.00" in (await edge.page(place(edge))).text


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_nobody_withdraws_anothers_refund(edge: Edge) -> None:
    refund_id = (await send(edge, ONE)).headers["location"].rpartition("asked=")[2]
    await edge.sql("update refunds set applicant = 'lin'")
    assert "/withdrawal" not in (await edge.page(edge.link())).text
    url = place(edge, f"/refunds/{refund_id}/withdrawal")
    assert (await send(edge, {"version": "1"}, url)).status_code == 404
    other = OrderId("shop", "tea", "1002")
    await edge.placed(replace(order(), id=other))
    assert (
        await send(edge, {"version": "1"}, place(edge, f"/refunds/{refund_id}/withdrawal", other))
    ).status_code == 404


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
async def test_a_page_does_not_ask_without_end(edge: Edge) -> None:
    answers = [await send(edge, {**ONE, "units.1": "0"}) for _ in range(21)]
    assert [each.status_code for each in answers[-2:]] == [422, 429]


@pytest.mark.parametrize("words", [CHINESE_WISHES, ENGLISH_WISHES], ids=["zh", "en"])
def test_every_word_of_a_wish_is_there(words: WishWords) -> None:
    assert (set(words.reasons), set(words.kinds), set(words.told)) == (set(REASONS), set(Kind), set(STATUS))


@pytest.mark.slow
async def test_no_withdrawal_is_offered_where_the_money_is_his_in_any_case(edge: Edge, desk: Desk) -> None:
    await desk.ask(RefundAsked(Asking("r1", ORDER_ID, "c-17", request=RefundRequest((Units("1", 1),))), "damaged", ""))
    offered = []
    for goods in ("kept", "expected", "stopped", "received"):
        await edge.sql("update refunds set goods = :goods", goods=goods)
        if "/withdrawal" in (await edge.page(edge.link())).text:
            offered.append(goods)
    assert offered == ["kept", "expected"]
