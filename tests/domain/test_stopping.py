"""Goods that a refund keeps from leaving: what the order gives up, and what becomes due."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from domain.axis import Fulfilment, Payment
from domain.errors import RefundExceedsCeiling, RefundImpossible
from domain.order import Cancellation, HoldReason, Order, Stage
from domain.outbound import Outbound, StopWish
from domain.refund import Asking, Basis, Decision, Goods, Kind, Refund, RefundStage, decided, opened
from domain.refund_goods import StopAnswer, goods_answered, left_over
from domain.refund_money import Adjustment, RefundRequest, Units
from domain.stock import Demand
from domain.stopping import intercepts, stopped_for, with_gifts
from tests.builders import ORDER_ID, line, order, parcel, yuan
from tests.domain.test_refund_money import paid

NOTHING = yuan("0")


def at_warehouse(*contents: Mapping[str, int], stage: Fulfilment = Fulfilment.PUSHED, **more: Any) -> Order:
    """Three packs of green and one of black tea; each of `contents` is an outbound order."""
    lines = more.pop("lines", (line("1", quantity=3, price="10.00"), line("2", "TEA-BLACK-250", 1, "20.00")))
    demands = (Demand("1", "TEA-GREEN-250", 3, yuan("30.00")), Demand("2", "TEA-BLACK-250", 1, yuan("20.00")))
    outbound = tuple(Outbound(n, units) for n, units in enumerate(contents, start=1))
    what = order(lines=lines, demands=more.pop("demands", demands), fulfilment=stage, outbound=outbound, **more)
    reserved = {"1": 3, "2": 1} if stage is not Fulfilment.WAITING else {}
    return replace(paid(what, what.amount.amount_minor), payment=Payment.PAID, reserved=reserved)


ALL = {"1": 3, "2": 1}


def wish(units: Mapping[str, int]) -> StopWish:
    return StopWish("r1", units)


def asked(units: Mapping[str, int], **more: Any) -> Asking:
    request = RefundRequest(tuple(Units(line_id, count) for line_id, count in units.items()), **more)
    return Asking("r1", ORDER_ID, "ann", request=request)


def test_a_part_that_was_stopped_is_dropped_and_the_rest_goes_out_again() -> None:
    what = at_warehouse(ALL)
    assert intercepts(what, wish({"1": 1})) == (1,)
    found = stopped_for(what, wish({"1": 1}), [1])
    assert (found.units, found.due) == ({"1": 1}, yuan("10.00"))
    after = found.change.order
    assert (after.dropped, after.reserved, after.unpushed) == ({"1": 1}, {"1": 2, "2": 1}, {"1": 2, "2": 1})
    assert after.awaits_push
    assert [(each.line_id, each.quantity) for each in found.change.given_back] == [("1", 1)]


def test_all_of_it_stopped_ends_the_order_and_freight_is_due_too() -> None:
    found = stopped_for(at_warehouse(ALL), wish(ALL), [1])
    assert (found.change.order.stage, found.due) == (Stage.CANCELLED, yuan("58.00"))
    assert found.change.order.cancellation is Cancellation.DONE
    assert found.change.cases == ()


def test_what_the_warehouse_did_not_let_go_of_is_not_dropped() -> None:
    found = stopped_for(at_warehouse(ALL), wish(ALL), [])
    assert (found.units, found.due, found.change.order.dropped) == ({}, NOTHING, {})


def test_before_the_push_nobody_is_asked_and_the_share_of_a_short_order_is_dropped() -> None:
    short = at_warehouse(stage=Fulfilment.WAITING)
    assert intercepts(short, wish({"2": 1})) == ()
    found = stopped_for(short, wish({"2": 1}), ())
    assert (found.change.order.dropped, found.due, found.change.given_back) == ({"2": 1}, yuan("20.00"), ())


def test_a_push_under_way_may_be_with_the_warehouse_but_not_behind_a_hold() -> None:
    reserved = at_warehouse(stage=Fulfilment.RESERVED)
    assert intercepts(reserved, wish({"1": 1})) == (1,)
    assert intercepts(replace(reserved, holds=(HoldReason.ADDRESS_INCOMPLETE,)), wish({"1": 1})) == ()


def test_only_the_outbound_orders_that_hold_it_are_stopped_the_last_one_first() -> None:
    what = at_warehouse({"1": 2}, {"1": 1, "2": 1})
    assert intercepts(what, wish({"1": 1})) == (2,)
    assert intercepts(what, wish({"1": 2})) == (2, 1)
    assert intercepts(replace(what, outbound=(what.outbound[0],)), wish({"2": 1})) == (2,)


def test_what_left_meanwhile_stays_the_buyers() -> None:
    what = replace(at_warehouse({"1": 3}, {"2": 1}, stage=Fulfilment.PARTLY_SHIPPED), parcels=(parcel(units=3),))
    found = stopped_for(what, wish({"1": 1, "2": 1}), [2])
    assert (found.units, found.due) == ({"2": 1}, yuan("20.00"))
    assert found.change.order.fulfilment is Fulfilment.SHIPPED


def test_a_bundle_goes_as_a_whole() -> None:
    bundle = (Demand("1.1", "A", 6, yuan("18.00")), Demand("1.2", "B", 3, yuan("12.00")))
    black = Demand("2", "TEA-BLACK-250", 1, yuan("20.00"))
    what = at_warehouse({"1.1": 6, "1.2": 3, "2": 1}, demands=(*bundle, black))
    what = replace(what, reserved={"1.1": 6, "1.2": 3, "2": 1})
    found = stopped_for(what, wish({"1": 1}), [1])
    assert (found.change.order.dropped, found.due) == ({"1.1": 2, "1.2": 1}, yuan("10.00"))


def test_a_gift_stays_with_the_last_unit_of_what_it_was_given_for() -> None:
    gift = line("2", "TEA-BLACK-250", 1, "0", gift_of="1")
    demands = (Demand("1", "TEA-GREEN-250", 3, yuan("30.00")), Demand("2", "TEA-BLACK-250", 1, NOTHING))
    what = at_warehouse(ALL, lines=(line("1", quantity=3, price="10.00"), gift), demands=demands)
    assert with_gifts(what, {"1": 2}) == {"1": 2}
    assert with_gifts(what, {"1": 3}) == ALL


def test_the_same_goods_are_stopped_for_one_refund_only() -> None:
    what = at_warehouse(ALL)
    first = opened(what, (), NOTHING, asked({"1": 2}))
    assert (first.stage, first.amount) == (RefundStage.STOPPING_GOODS, yuan("20.00"))
    second = replace(asked({"1": 1}), refund_id="r2")
    assert opened(what, (first,), NOTHING, second).amount == yuan("10.00")
    with pytest.raises(RefundExceedsCeiling, match="line 1"):
        opened(what, (first,), NOTHING, replace(asked({"1": 2}), refund_id="r2"))


@pytest.mark.parametrize(
    ("asking", "why"),
    [
        (asked({"1": 1}, shipping=yuan("8.00")), "freight goes back where nothing"),
        (asked({"1": 1}, adjustments=(Adjustment(yuan("1.00")),)), "ask for them alone"),
    ],
)
def test_what_cannot_be_stopped_in_one_is_refused_with_the_reason(asking: Asking, why: str) -> None:
    with pytest.raises(RefundImpossible, match=why):
        opened(at_warehouse(ALL), (), NOTHING, asking)


def test_an_order_that_is_not_paid_in_full_is_cancelled_instead() -> None:
    with pytest.raises(RefundImpossible, match="not paid in full"):
        opened(replace(at_warehouse(ALL), payment=Payment.PARTLY_PAID), (), NOTHING, asked({"1": 1}))


def answered(units: Mapping[str, int], stopped: list[int]) -> tuple[Refund, Order]:
    what = at_warehouse(ALL)
    refund = opened(what, (), NOTHING, asked(units))
    found = stopped_for(what, wish(units), stopped)
    return goods_answered(refund, StopAnswer(found.due, found.units), found.change.order), found.change.order


def test_a_stopped_refund_is_for_what_is_due_to_the_fen() -> None:
    part, _ = answered({"1": 2}, [1])
    assert (part.basis, part.goods, part.amount) == (Basis.DUE, Goods.STOPPED, yuan("20.00"))
    assert part.stage is RefundStage.AWAITING_APPROVAL
    whole, _ = answered(ALL, [1])
    assert (whole.amount, whole.quote.shipping) == (yuan("58.00"), yuan("8.00"))


def test_too_late_becomes_a_return_for_the_same_money() -> None:
    late, _ = answered({"1": 1}, [])
    assert (late.kind, late.goods, late.amount) == (Kind.RETURN, Goods.EXPECTED, yuan("10.00"))
    assert (late.basis, late.stage) == (Basis.SALE, RefundStage.AWAITING_APPROVAL)


def test_an_order_that_ended_meanwhile_owes_its_money_another_way() -> None:
    what = at_warehouse(ALL)
    refund = opened(what, (), NOTHING, asked({"1": 1}))
    ended = goods_answered(refund, StopAnswer(NOTHING), replace(what, fulfilment=Fulfilment.STOPPED))
    assert (ended.stage, ended.counted) == (RefundStage.REFUSED, None)
    assert "basis due" in ended.refusal


def test_whoever_says_no_after_the_stop_the_money_stays_the_buyers() -> None:
    part, _ = answered({"1": 2}, [1])
    assert left_over(part) == ()
    (case,) = left_over(decided(part, Decision.REFUSED))
    assert case.detail.startswith("20.00 CNY is due back")
