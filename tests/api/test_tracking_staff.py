"""What the staff sees of one order, and who counts as staff."""

from datetime import datetime

import pytest

from domain.case import Choice
from tests.api.conftest import RECIPIENT, Edge

pytestmark = pytest.mark.slow

STATUS = "/orders/shop/tea/1001"
TIMELINE = f"{STATUS}/timeline"


@pytest.mark.parametrize("url", [STATUS, TIMELINE])
async def test_only_staff_may_ask(edge: Edge, url: str) -> None:
    await edge.placed()
    assert (await edge.browser.get(url)).status_code == 401
    wrong = await edge.token("orders:write")
    assert (await edge.browser.get(url, headers=wrong)).status_code == 403


@pytest.mark.parametrize("order", ["shop/tea/7777", "nowhere/tea/1001", "shop/te%00a/1001", "jd/tea/1001"])
async def test_an_unknown_order_is_a_problem(edge: Edge, order: str) -> None:
    await edge.placed()
    headers = await edge.token("orders:read")
    for url in (f"/orders/{order}", f"/orders/{order}/timeline"):
        answer = await edge.browser.get(url, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert answer.json()["type"] == "urn:lockstep:problem:unknown-order"


async def test_how_an_order_stands(edge: Edge) -> None:
    await edge.shipped()
    answer = await edge.browser.get(STATUS, headers=await edge.token("orders:read"))
    body = answer.json()
    assert body["axes"] == {"payment": "paid", "fulfilment": "shipped", "hold": "clear", "after_sale": "none"}
    assert (body["stage"], body["source"], body["as_of"]) == ("shipped", "record", "2026-11-22T10:04:00Z")
    assert body["payments"][0]["trade_no"] == "2026112222001"
    assert body["reservations"] == [
        {"line_id": "1", "sku": "TEA-GREEN-250", "quantity": 2, "shipped": 2, "released": False}
    ]
    assert body["outbound"][0]["outbound_no"] == "OUT-1"
    assert body["parcels"][0]["waybill_no"] == "SFP-2"
    assert body["plan"][0]["amount"] == {"amount_minor": 14400, "currency": "CNY"}
    assert {each["account"]: each["amount_minor"] for each in body["ledger"]} == {
        "provider_receivable": 14400,
        "buyer_cash": -13600,
        "freight": -800,
    }
    assert body["cases"] == []
    assert body["links"]["track"] == edge.link()
    assert "workflow" not in body["links"]
    for personal in (RECIPIENT.name, RECIPIENT.phone, RECIPIENT.detail):
        assert personal not in answer.text


async def test_how_a_split_order_stands(edge: Edge) -> None:
    await edge.sent_ahead()
    headers = await edge.token("orders:read")
    body = (await edge.browser.get(STATUS, headers=headers)).json()
    assert (body["stage"], body["backordered"], body["cases"][0]["choices"]) == (
        "at_warehouse",
        True,
        ["retry", "split", "cancel"],
    )
    assert body["goods"] == [{"line_id": "1", "sku": "TEA-GREEN-250", "quantity": 2, "dropped": 0}]
    assert [(each["number"], each["contents"], each["stopped"]) for each in body["outbound"]] == [(1, {"1": 1}, False)]
    await edge.decided(Choice.CANCEL)
    body = (await edge.browser.get(STATUS, headers=headers)).json()
    assert (body["backordered"], body["goods"][0]["dropped"]) == (False, 1)
    entries = (await edge.browser.get(f"{STATUS}/timeline", headers=headers)).json()["entries"]
    assert entries[-1]["change"]["dropped"] == [{}, {"1": 1}]
    assert [each["change"]["outbound"] for each in entries if "outbound" in each["change"]] == [[[], [1]]]


async def test_open_cases_say_who_should_do_what_by_when(edge: Edge) -> None:
    await edge.placed()
    await edge.paid()
    await edge.sql("update orders set address_gaps = '{phone}'")
    await edge.pushed()
    body = (await edge.browser.get(STATUS, headers=await edge.token("orders:read"))).json()
    case = body["cases"][0]
    assert (case["cause"], case["owner"], case["choices"]) == ("address_incomplete", "support", ["retry", "cancel"])
    assert case["next_action"]
    assert datetime.fromisoformat(case["due_at"]).tzinfo is not None


async def test_the_way_into_temporal_is_shown_where_it_is_known(edge: Edge) -> None:
    await edge.placed()
    edge.house.settings.temporal_ui_url = "http://ui.test/"
    body = (await edge.browser.get(STATUS, headers=await edge.token("orders:read"))).json()
    assert body["links"]["workflow"] == "http://ui.test/namespaces/default/workflows/order%2Fshop%2Ftea%2F1001"


async def test_the_timeline_tells_each_change_with_its_cause(edge: Edge) -> None:
    await edge.shipped()
    body = (await edge.browser.get(TIMELINE, headers=await edge.token("orders:read"))).json()
    entries = body["entries"]
    assert [each["seq"] for each in entries] == list(range(1, len(entries) + 1))
    steps = [each["step"] for each in entries]
    assert steps == ["place", "record_payment", "record_push", "report_parcel"]
    paid = entries[1]
    assert paid["change"]["payment"] == ["unpaid", "paid"]
    assert (paid["actor"], paid["caused_by"], paid["at"]) == ("alipay", [], "2026-11-22T04:03:00Z")
    assert all(each["transaction_id"] for each in entries)


async def test_money_that_came_before_its_order_has_a_timeline(edge: Edge) -> None:
    await edge.paid()
    headers = await edge.token("orders:read")
    assert (await edge.browser.get(STATUS, headers=headers)).status_code == 404
    entries = (await edge.browser.get(TIMELINE, headers=headers)).json()["entries"]
    assert [each["step"] for each in entries] == ["record_payment"]
