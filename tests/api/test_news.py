"""Messages of the staff over HTTP: each one's own, read once, nobody else's."""

import pytest

from domain.news import Audience, News, Topic
from persistence import news
from tests.api.conftest import Edge
from tests.builders import NOON, ORDER_ID, yuan

pytestmark = pytest.mark.slow

URL = "/me/messages"


async def told(edge: Edge, *events: str, recipient: str = "lin", audience: Audience = Audience.STAFF) -> None:
    pieces = [News(Topic.TO_SIGN, event, audience, recipient, str(ORDER_ID), "r1", yuan("12.00")) for event in events]
    async with edge.house.engine.begin() as db:
        await news.write(db, pieces, NOON)


async def test_each_person_sees_what_is_his_and_marks_it_read(edge: Edge) -> None:
    await told(edge, "one", "two")
    await told(edge, "one", recipient="wu")
    await told(edge, "three", audience=Audience.CUSTOMER)
    lin = await edge.token("cases:read", person="lin")
    first = await edge.browser.get(URL, headers=lin)
    messages = first.json()["messages"]
    assert [(each["topic"], each["order"], each["amount_minor"]) for each in messages] == [
        ("to_sign", str(ORDER_ID), 1200)
    ] * 2
    again = {**lin, "If-None-Match": first.headers["etag"]}
    assert (await edge.browser.get(URL, headers=again)).status_code == 304
    for _ in range(2):
        answer = await edge.browser.post(f"{URL}/{messages[0]['id']}/read", headers=lin)
        assert answer.status_code == 204
    after = await edge.browser.get(URL, headers=again)
    assert [each["id"] for each in after.json()["messages"]] == [messages[1]["id"]]
    everything = await edge.browser.get(URL, params={"state": "all"}, headers=lin)
    assert len(everything.json()["messages"]) == 2
    other = await edge.token("cases:read", person="wu")
    assert (await edge.browser.post(f"{URL}/{messages[0]['id']}/read", headers=other)).status_code == 404


async def test_nobodys_token_has_no_messages(edge: Edge) -> None:
    answer = await edge.browser.get(URL, headers=await edge.token("cases:read"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lockstep:problem:nobodys-token")
    assert (await edge.browser.get(URL)).status_code == 401
    assert (await edge.browser.get(URL, headers=await edge.token("orders:read", person="lin"))).status_code == 403
