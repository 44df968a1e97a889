import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
import pytest

from sandbox.faults import Fault, Place
from sandbox.refund_plan import Story
from sandbox.shop.basket import TEA, TOOLS
from sandbox.trade_plan import PROBES, TradePlan, draw, together
from tests.sandbox.town_under_test import Scene, in_process, over_sockets, until


def outline(plan: TradePlan) -> list[Any]:
    return [(visit.order.shown(), visit.arrives_after, visit.acts_after, visit.opens_page) for visit in plan.visits]


def test_a_seed_tells_everything() -> None:
    assert outline(draw(TEA, 50, 7, 60, 1001)) == outline(draw(TEA, 50, 7, 60, 1001))
    assert outline(draw(TEA, 50, 7, 60, 1001)) != outline(draw(TEA, 50, 8, 60, 1001))


def test_four_hundred_orders_have_what_was_announced() -> None:
    plan = draw(TEA, 400, 7, 60, 1001)
    orders = [visit.order for visit in plan.visits]
    faults = Counter(order.fault for order in orders)
    assert faults[Fault.WRONG_AMOUNT] == 8
    assert faults[Fault.DOUBLE_PAYMENT] == 5
    assert faults[Fault.NO_NOTICE] == 20
    assert faults[Fault.NEVER_PAID] == 15
    assert faults[Fault.CANCELLED_BEFORE_PAYMENT] == faults[Fault.CANCELLED_AFTER_PAYMENT] == 10
    assert faults[Fault.UNMATCHED_SKU] == faults[Fault.INCOMPLETE_ADDRESS] == 3
    planted = Counter(each.fault for each in plan.planted)
    assert planted[Fault.FORGED_SIGNATURE] == 12
    assert planted[Fault.FOREIGN_APP] == planted[Fault.OTHER_SELLER] == 6
    assert planted[Fault.OTHER_CURRENCY] == 4
    assert planted[Fault.EARLY_NOTICE] == planted[Fault.DELIVERED_FIRST] == 40
    assert plan.outage_seconds == pytest.approx(8)
    assert sum(order.lines[0].platform_sku == "TEA-SECRET-50" for order in orders) == 3
    assert sum(order.recipient.detail == "" for order in orders) == 3


@pytest.mark.parametrize("orders", [1, 15, 16, 40, 1000])
def test_orders_of_any_number_add_up(orders: int) -> None:
    for visit in draw(TEA, orders, 1, 10, 1).visits:
        assert visit.order.amount_minor > 0
        assert all(line.amount_minor >= 0 for line in visit.order.lines)
        for line in visit.order.lines:
            assert line.gift_of is None or (line.gift_of == "1" and line.amount_minor == 0)


def test_the_second_shop_has_its_share_of_everything_and_what_only_wechat_pay_does() -> None:
    tea, tools = draw(TEA, 400, 7, 60, 1001), draw(TOOLS, 100, 9, 60, 1401)
    assert {each.fault for each in tea.planted} == {each.fault for each in tools.planted} - set(PROBES)
    assert {visit.order.fault for visit in tea.visits} == {visit.order.fault for visit in tools.visits}
    assert {each.place for each in tools.planted} & {Place.GATEWAY, Place.WECHATPAY} == {Place.WECHATPAY}
    whole = together([tea, tools])
    assert outline(whole) == [*outline(tea), *outline(tools)]
    assert (whole.outage_after, whole.rotates_after) == (tea.outage_after, 30)


def test_each_story_of_a_refund_is_told_in_both_shops_and_no_order_has_two() -> None:
    for plan in (draw(TEA, 400, 7, 60, 1001), draw(TOOLS, 100, 9, 60, 1401)):
        assert {wish.story for wish in plan.refunds} == set(Story)
        assert len({wish.order.out_trade_no for wish in plan.refunds}) == len(plan.refunds)
        assert all(wish.order.fault is None for wish in plan.refunds)
        broken = Counter(each.fault for each in plan.planted if each.place is Place.REFUND)
        assert broken[Fault.SERVER_ERROR]
        assert broken[Fault.CUT] + broken[Fault.LATE_ERROR]


async def test_the_shop_repeats_an_order_under_its_key() -> None:
    async with in_process() as scene:
        scene.stub.answers = [(503, ""), (500, ""), (429, "")]
        placed = await scene.control("orders", order_no="77")
        assert (placed["accepted"], placed["out_trade_no"]) == (True, "tea_77")
        assert scene.stub.order_keys == ["place/shop/tea/77"] * 4
        order = scene.stub.orders["tea_77"]
        asked = sum(
            line["list_price_minor"] * line["quantity"]
            - line["merchant_discount_minor"]
            - line["platform_subsidy_minor"]
            for line in order["lines"]
        )
        assert order["payment_plan"] == [
            {"part": 1, "amount_minor": asked + order["shipping_minor"], "pay_within_seconds": 1800}
        ]
        scene.stub.answers = [(422, "no")]
        assert (await scene.control("orders", order_no="78"))["accepted"] is False


async def test_a_notice_can_come_before_its_order() -> None:
    async with in_process() as scene:
        await scene.control("faults", place="trade", fault="early_notice", key="tea_1")
        await scene.control("orders", order_no="1")
        (order,) = (await scene.dump())["shop"]["orders"]
        (notice,) = (await scene.dump())["alipay"]["notices"]
        assert notice["fault"] == "early_notice"
        assert notice["deliveries"][0]["at"] < order["placed_at"]


async def test_order_numbers_are_given_once() -> None:
    async with in_process() as scene:
        await scene.control("orders", order_no="1005")
        assert (await scene.control("orders"))["out_trade_no"] == "tea_1006"
        taken = await scene.http.post("/control/trade-hour", json={"first_order_no": 1006})
        assert taken.status_code == 409


async def test_what_was_refused_is_not_repeated() -> None:
    async with in_process() as scene:
        scene.stub.answers = [(422, "no")]
        await scene.control("orders", order_no="1")
        await scene.control("cancellations", out_trade_no="tea_1", reason="r")
        (order,) = (await scene.dump())["shop"]["orders"]
        assert (order["accepted_at"], len(order["deliveries"]), order["cancelled"]) == (None, 1, True)


async def push_what_is_paid(scene: Scene) -> None:
    """As Lockstep would: each accepted notice leads to one push."""
    pushed: set[str] = set()
    while True:
        for notice in list(scene.stub.notices):
            out_trade_no = notice.get("out_trade_no", "")
            if out_trade_no in scene.stub.orders and out_trade_no not in pushed:
                with suppress(httpx.TransportError):
                    answer = await scene.push("shop." + out_trade_no.replace("_", "."), out_trade_no)
                    if answer.status_code < 500:
                        pushed.add(out_trade_no)
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_a_short_hour_over_sockets() -> None:
    async with over_sockets(time_scale=600) as scene:
        pushing = asyncio.create_task(push_what_is_paid(scene))
        await scene.control("trade-hour", orders=60, wechatpay_orders=20, seed=7, seconds=4, grace_seconds=30)
        again = await scene.http.post("/control/trade-hour", json={})
        assert again.status_code == 409
        await scene.dump()
        hour = scene.town.trade_hour
        assert hour is not None
        await until(lambda: hour.is_finished)
        progress = (await scene.http.get("/control/progress")).json()
        dump = await scene.dump()
        pushing.cancel()
        assert (progress["finished"], progress["trade_hour"]) == (True, "settled")
        assert progress["orders_accepted"] == len(scene.stub.orders) == 80
        check_against_the_stub(dump, scene)


def check_against_the_stub(dump: Any, scene: Scene) -> None:
    """What the sandbox wrote down is what the other side saw."""
    orders = {f"{order['shop_id']}_{order['order_no']}": order for order in dump["shop"]["orders"]}
    assert set(orders) == set(scene.stub.orders)
    assert {number for number, order in orders.items() if order["cancelled"]} == set(scene.stub.cancelled)
    sent = [notice for provider in ("alipay", "wechatpay") for notice in dump[provider]["notices"]]
    for notice in sent:
        assert set(scene.stub.verdicts[notice["notify_id"]]) == {notice["expected_reason"] or "accepted"}
    told = {fields.get("out_trade_no") for fields in scene.stub.notices}
    for number, order in orders.items():
        assert order["amount_minor"] == scene.stub.orders[number]["payment_plan"][0]["amount_minor"]
        unpaid = order["fault"] in {"never_paid", "cancelled_before_payment"}
        assert order["paid"] is not unpaid
        assert (number in told) is (order["paid"] and order["fault"] != "no_notice")
        assert len(order["trade_nos"]) <= (2 if order["fault"] == "double_payment" else 1)
    trades = [trade for provider in ("alipay", "wechatpay") for trade in dump[provider]["trades"]]
    amounts = {trade["out_trade_no"]: trade["amount_minor"] for trade in trades}
    assert {trade["trade_no"][:4] for trade in dump["wechatpay"]["trades"]} == {"4200"}
    wrong = {
        number for number, amount in amounts.items() if amount != orders[number.removesuffix("_2")]["amount_minor"]
    }
    assert wrong == {number for number, order in orders.items() if order["fault"] == "wrong_amount"}
    references = [each["reference"] for each in dump["warehouse"]["outbound"]]
    assert len(references) == len(set(references)) > 0
