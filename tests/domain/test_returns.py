"""Goods that come back: what is stock again, what is paid for, and who decides on damage."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Cause
from domain.errors import RefundImpossible
from domain.money import Money
from domain.order import Order
from domain.refund import Decision, Goods, Kind, Refund, RefundStage, decided, opened
from domain.refund_goods import left_over
from domain.refund_money import RefundRequest, Units
from domain.repayment import planned
from domain.returns import (
    CameBack,
    FreightBy,
    Return,
    Returned,
    ReturnedGoods,
    assessed,
    expected,
    not_sent,
    received,
    sent,
    to_come_back,
)
from domain.stock import Demand
from tests.builders import NOON, yuan
from tests.domain.test_refund import NOTHING, arrived, asking

WEEK = timedelta(days=7)
TWO = RefundRequest(units=(Units("1", 2),))


def approved(what: Order) -> Refund:
    return decided(opened(what, (), NOTHING, asking(TWO, kind=Kind.RETURN)), Decision.APPROVED)


def came(*goods: ReturnedGoods) -> Returned:
    what = arrived()
    refund, back = approved(what), expected("changed_mind", NOON, WEEK)
    under_way = sent(refund, back, "sf", "SF1", NOON)
    return received(what, under_way.refund, under_way.back, goods, NOON)


def test_the_buyer_has_a_week_and_bears_the_freight_unless_it_is_our_fault() -> None:
    assert expected("changed_mind", NOON, WEEK) == Return(NOON + WEEK, FreightBy.BUYER)
    assert expected("damaged", NOON, WEEK).freight_by is FreightBy.MERCHANT


def test_goods_of_a_refund_that_was_withdrawn_are_awaited_by_nobody_and_those_here_are_somebodys() -> None:
    what = arrived()
    refund, back = approved(what), expected("changed_mind", NOON, WEEK)
    on_the_way = sent(refund, back, "sf", "SF1", NOON)
    withdrawn = decided(on_the_way.refund, Decision.WITHDRAWN)
    assert (withdrawn.stage, withdrawn.counted, left_over(withdrawn)) == (RefundStage.WITHDRAWN, None, ())
    with pytest.raises(RefundImpossible, match="no goods are awaited: the refund is withdrawn"):
        received(what, withdrawn, on_the_way.back, (ReturnedGoods("1", 2),), NOON)
    with pytest.raises(RefundImpossible, match="no goods are awaited"):
        sent(decided(refund, Decision.WITHDRAWN), back, "sf", "SF1", NOON)
    for no in (Decision.REFUSED, Decision.WITHDRAWN):
        (case,) = left_over(decided(came(ReturnedGoods("1", 1)).refund, no))
        assert (case.cause, case.detail.endswith("they are the buyer's")) == (Cause.UNEXPECTED_RETURN, True)


def test_no_money_moves_before_the_goods_are_back() -> None:
    what = arrived()
    refund = approved(what)
    assert refund.stage is RefundStage.AWAITING_RETURN
    with pytest.raises(RefundImpossible, match="before they are stopped, or back"):
        planned(refund, what, ())
    back = came(ReturnedGoods("1", 2)).refund
    assert planned(back, what, ()).legs[0].amount == yuan("136.00")


def test_all_good_is_stock_again_and_paid_as_approved() -> None:
    found = came(ReturnedGoods("1", 2))
    assert (found.refund.stage, found.refund.version) == (RefundStage.RETURN_RECEIVED, 1)
    assert [(each.sku, each.quantity) for each in found.restocked] == [("TEA-GREEN-250", 2)]
    assert found.cases == ()


def test_what_is_missing_is_not_paid_and_needs_another_approval() -> None:
    found = came(ReturnedGoods("1", 1))
    refund = found.refund
    assert (refund.amount, refund.version, refund.decision) == (yuan("68.00"), 2, Decision.PENDING)
    assert (refund.approved, refund.stage) == (None, RefundStage.AWAITING_APPROVAL)
    assert found.back.lines == (CameBack("1", 1, 0, 1),)
    assert opened(arrived(), (refund,), NOTHING, asking(RefundRequest(units=(Units("1", 1),)))).amount == yuan("68.00")


def test_nothing_came_or_nothing_was_sent_closes_it_and_frees_the_ceiling() -> None:
    what = arrived()
    for closed in (came(), not_sent(approved(what), expected("other", NOON, WEEK))):
        assert (closed.refund.stage, closed.refund.ended, closed.refund.counted) == (
            RefundStage.RETURN_CLOSED,
            True,
            None,
        )
        assert opened(what, (closed.refund,), NOTHING, asking(TWO)).amount == yuan("136.00")


def test_damaged_goods_are_no_stock_and_wait_for_a_person() -> None:
    found = came(ReturnedGoods("1", 1, damaged=1))
    assert [each.quantity for each in found.restocked] == [1]
    assert [case.cause for case in found.cases] == [Cause.RETURN_DAMAGED]
    off = assessed(found.refund, found.back, {"1": yuan("20.00")}, "lin", "a dent")
    assert (off.refund.amount, off.refund.version, off.refund.decision) == (yuan("116.00"), 2, Decision.PENDING)
    as_it_is = assessed(found.refund, found.back, {}, "lin", "the carrier did it")
    assert (as_it_is.refund, as_it_is.back.assessed_by) == (found.refund, "lin")
    nothing = assessed(found.refund, found.back, {"1": yuan("136.00")}, "lin", "worn out")
    assert nothing.refund.stage is RefundStage.RETURN_CLOSED


@pytest.mark.parametrize("amount", [yuan("0"), yuan("136.01")])
def test_damage_never_costs_more_than_goes_back(amount: Money) -> None:
    found = came(ReturnedGoods("1", 1, damaged=1))
    with pytest.raises(RefundImpossible, match="line 1: take off"):
        assessed(found.refund, found.back, {"1": amount}, "lin", "a dent")


@pytest.mark.parametrize("goods", [ReturnedGoods("1", 3), ReturnedGoods("1", 1, 2), ReturnedGoods("9", 1)])
def test_more_or_other_goods_than_were_to_come_are_refused(goods: ReturnedGoods) -> None:
    with pytest.raises(RefundImpossible, match="more came back"):
        came(goods)


def test_a_bundle_is_whole_only_with_all_of_its_parts_but_each_good_part_is_stock() -> None:
    parts = (Demand("1.1", "A", 4, yuan("100.00")), Demand("1.2", "B", 2, yuan("36.00")))
    what = replace(arrived(), demands=parts, parcels=())
    what = replace(what, parcels=())
    refund = replace(approved(arrived()), goods=Goods.UNDER_WAY)
    assert [(each.sku, each.quantity) for each in to_come_back(what, refund)] == [("A", 4), ("B", 2)]
    back = expected("other", NOON, WEEK)
    found = received(what, refund, back, (ReturnedGoods("1.1", 3), ReturnedGoods("1.2", 1, 1)), NOON)
    assert found.back.lines == (CameBack("1", 1, 0, 1),)
    assert found.back.restocked == {"A": 3, "B": 1}


def test_of_a_bundle_of_which_nothing_whole_came_the_parts_are_no_stock_of_ours() -> None:
    parts = (Demand("1.1", "A", 2, yuan("100.00")), Demand("1.2", "B", 2, yuan("36.00")))
    what = replace(arrived(), demands=parts, parcels=())
    refund = replace(approved(arrived()), goods=Goods.UNDER_WAY)
    found = received(what, refund, expected("other", NOON, WEEK), (ReturnedGoods("1.2", 2),), NOON)
    assert (found.refund.stage, found.back.restocked, found.restocked) == (RefundStage.RETURN_CLOSED, {}, ())
    (case,) = found.cases
    assert (case.cause, "2 of line 1.2 are the buyer's" in case.detail) == (Cause.UNEXPECTED_RETURN, True)
