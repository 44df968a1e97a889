"""Messages in the wrong order, missing messages, and an answer that is lost: each order still goes its way, once."""

from typing import Any

import pytest

from sandbox.faults import Fault, Place
from tests.journeys.orders import ON_ITS_WAY, WAITING_FOR_MONEY, order_body, paid, placed, send_order
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow


def pushes(stage: Stage, reference: str) -> list[Any]:
    """Every call at the warehouse that pushed this order, as the warehouse saw it."""
    return [call for call in stage.town.warehouse.counter.calls if (call.verb, call.reference) == ("push", reference)]


async def messages(stage: Stage) -> list[str]:
    """What the warehouse told, in the order in which it came."""
    rows = await stage.rows("select kind from inbound_events where source = 'warehouse' order by id")
    return [row.kind for row in rows]


async def test_money_that_comes_before_its_order_pays_it_when_it_comes(stage: Stage) -> None:
    await paid(stage, "8001")
    await stage.until_value(1, "select count(*) from payments where not matched")
    assert await stage.stage_of("8001") is None
    assert (await send_order(stage, order_body(stage, "8001"))).status_code == 202
    await stage.until_stage("8001", *ON_ITS_WAY)
    kinds = await stage.rows("select kind from ledger_entries order by seq")
    assert [row.kind for row in kinds] == ["held_apart", "matched"]
    apart = "select coalesce(sum(amount_minor), 0) from ledger_postings where account = 'held_apart'"
    assert await stage.value(apart) == 0
    assert await stage.cases() == []


async def test_a_parcel_that_is_told_before_the_push_is_answered_counts(stage: Stage) -> None:
    stage.pace(600)  # packed within two seconds
    await placed(stage, "8002")
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.DELAY, key="shop.tea.8002", seconds=6)
    await paid(stage, "8002")
    await stage.until_stage("8002", "shipped", "delivered", "completed")
    assert pushes(stage, "shop.tea.8002") == []  # the call is noted once it is answered
    await stage.until_stage("8002", "completed")
    assert await stage.value("select count(*) from outbound_orders") == 1
    assert len([order for order in stage.town.warehouse.desk if order.push]) == 1
    assert await stage.cases() == []


async def test_delivered_before_shipped_ends_where_the_right_order_ends(stage: Stage) -> None:
    stage.pace(600)
    await placed(stage, "8003")
    await stage.control("faults", place=Place.PARCEL, fault=Fault.DELIVERED_FIRST, key="shop.tea.8003")
    await paid(stage, "8003")
    await stage.until_stage("8003", "completed")
    await stage.until_value(0, "select count(*) from shipments where shipped_at is null or delivered_at is null")
    told = await messages(stage)
    assert told[0] == "parcel.delivered"
    assert "parcel.shipped" in told
    assert await stage.value("select sum(on_hand) from stock where sku = 'TEA-GREEN-250'") == 998
    assert await stage.value("select sum(reserved) from stock") == 0
    assert await stage.cases() == []


async def test_without_any_notice_the_payment_is_found_by_asking(stage: Stage) -> None:
    await placed(stage, "8004")
    trade = await stage.silent_payment("8004", amount_minor=14400)
    assert await stage.stage_of("8004") == WAITING_FOR_MONEY
    await stage.until_stage("8004", *ON_ITS_WAY)
    found = (await stage.rows("select trade_no, source, recorded_at from payments"))[0]
    assert (found.trade_no, found.source) == (trade["trade_no"], "query")
    placed_at = await stage.value("select placed_at from orders")
    assert 2 <= (found.recorded_at - placed_at).total_seconds() < 10  # two minutes, sixty times as fast
    late = stage.pen.notice("tea_8004", trade["trade_no"])
    assert (await stage.notify(late)).text == "success"
    assert await stage.verdicts(f"notice-of-{trade['trade_no']}") == [("repeat", None)]
    assert await stage.value("select count(*) from payments") == 1


async def test_a_push_whose_answer_is_lost_is_sent_again_under_its_own_key(stage: Stage) -> None:
    await placed(stage, "8005")
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.CUT, key="shop.tea.8005", times=2)
    await paid(stage, "8005")
    await stage.until_stage("8005", *ON_ITS_WAY)
    calls = pushes(stage, "shop.tea.8005")
    assert [call.status for call in calls] == [None, None, 200]
    assert {call.idempotency_key for call in calls} == {"order/shop/tea/8005/push"}
    assert len({call.parameters_sha256 for call in calls}) == 1
    (outbound,) = [order for order in stage.town.warehouse.desk if order.push]
    assert await stage.value("select outbound_no from outbound_orders") == outbound.outbound_no
    assert await stage.cases() == []
