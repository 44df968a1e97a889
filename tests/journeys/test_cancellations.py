"""Wishes that come after the order: to cancel it in time or too late, to send it elsewhere."""

import pytest

from sandbox.faults import Fault, Place
from tests.journeys.orders import AT_WAREHOUSE, RECIPIENT, amend, cancel, paid, placed
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow


async def free_stock(stage: Stage) -> bool:
    return bool(await stage.value("select sum(reserved) = 0 from stock"))


async def test_cancelled_before_payment_the_order_ends_and_its_trade_is_closed(stage: Stage) -> None:
    await placed(stage, "6001")
    await stage.control("payments", out_trade_no="tea_6001", amount_minor=14400, only_open=True)
    assert (await cancel(stage, "6001")).status_code == 202
    await stage.until_stage("6001", "cancelled")
    trade = stage.town.alipay.trades.find("tea_6001")
    assert trade is not None
    assert trade.state == "closed"
    assert await stage.cases() == []


async def test_cancelled_while_the_push_waits_nothing_leaves_and_the_money_is_due_back(stage: Stage) -> None:
    await placed(stage, "6002")
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.OUTAGE, seconds=2)
    await paid(stage, "6002")
    await stage.until_stage("6002", "preparing")
    assert (await cancel(stage, "6002")).status_code == 202
    await stage.until_stage("6002", "cancelled")
    order = stage.town.warehouse.desk.find("shop.tea.6002")
    assert order is not None
    assert (order.state, order.push) == ("stopped", None)
    assert await stage.value("select refund_due_minor + refunded_minor from order_money") == 14400
    assert await stage.cases() == [("refund_due", "shop/tea/6002")]
    assert await free_stock(stage)


async def test_cancelled_after_the_push_but_in_time_the_warehouse_stops_it(stage: Stage) -> None:
    stage.pace(1)  # the warehouse takes minutes to pack
    await placed(stage, "6003")
    await paid(stage, "6003")
    await stage.until_stage("6003", AT_WAREHOUSE)
    assert (await cancel(stage, "6003")).status_code == 202
    again = await cancel(stage, "6003")
    assert again.status_code == 202
    await stage.until_stage("6003", "cancelled")
    order = stage.town.warehouse.desk.find("shop.tea.6003")
    assert order is not None
    assert order.state == "stopped"
    assert await stage.value("select count(*) from audit_log where step = 'request_cancellation'") == 1
    assert await stage.cases() == [("refund_due", "shop/tea/6003")]
    assert await free_stock(stage)


async def test_cancelled_too_late_the_order_goes_on_and_becomes_a_return(stage: Stage) -> None:
    stage.pace(600)
    await placed(stage, "6004")
    await paid(stage, "6004")
    await stage.until_stage("6004", "shipped", "delivered")
    assert (await cancel(stage, "6004")).status_code == 202
    await stage.until_stage("6004", "completed")
    order = (await stage.rows("select cancellation, after_sale from orders"))[0]
    assert tuple(order) == ("too_late", "requested")
    assert await stage.cases() == [("return_requested", "shop/tea/6004")]
    assert await stage.value("select count(*) from order_money where refund_due_minor + refunded_minor > 0") == 0


async def test_a_mended_address_lets_the_held_order_go(stage: Stage) -> None:
    await placed(stage, "6005", recipient={**RECIPIENT, "detail": ""})
    await paid(stage, "6005")
    await stage.until_stage("6005", "on_hold")
    assert await stage.cases() == [("address_incomplete", "shop/tea/6005")]
    assert stage.town.warehouse.desk.find("shop.tea.6005") is None
    assert (await amend(stage, "6005", {**RECIPIENT, "detail": "另一条路 7 号"})).status_code == 202
    await stage.until_stage("6005", AT_WAREHOUSE)
    order = stage.town.warehouse.desk.find("shop.tea.6005")
    assert order is not None
    assert order.push is not None
    assert order.push.recipient.detail == "另一条路 7 号"
    assert await stage.value("select choice || ' by ' || decided_by from cases") == "close by workflow"
