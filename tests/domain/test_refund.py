"""A refund from the request to the money: ceilings, what people decided, legs, and what is booked."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from domain.approval import Mode, StepPlan, start
from domain.approval_verbs import Deed, amended, approve
from domain.axis import Fulfilment, Payment, move
from domain.errors import ImpossibleMove, RefundExceedsCeiling, RefundImpossible
from domain.money import Money
from domain.order import Order
from domain.refund import (
    DECISION_MOVES,
    REPAYMENT_MOVES,
    Asking,
    Basis,
    Decision,
    Goods,
    Kind,
    Refund,
    RefundStage,
    Repayment,
    approval_moved,
    decided,
    opened,
    refused_at_once,
)
from domain.refund_leg import RefundOutcome, Told
from domain.refund_money import Adjustment, RefundRequest, Units
from domain.repayment import (
    leg_answered,
    leg_asked,
    planned,
)
from domain.stock import Demand
from tests.builders import NOON, ORDER_ID, line, order, parcel, yuan
from tests.domain.test_refund_money import paid

NOTHING = yuan("0")
ALL = RefundRequest(units=(Units("1", 2),), shipping=yuan("8.00"))
ONE = RefundRequest(units=(Units("1", 1),))

# A row is where the refund stands, a column where a fact would bring it, both in the order of their enums.
DECISION = """
pending      = > > >
approved     = = x >
refused      = x = x
withdrawn    = = x =
"""
REPAYMENT = """
not_begun    = > x x x
under_way    = = > > >
partly_back  = = = > x
back         = = = = x
not_back     = = x x =
"""
AXES: tuple[tuple[str, type[StrEnum], Mapping[Any, Any]], ...] = (
    (DECISION, Decision, DECISION_MOVES),
    (REPAYMENT, Repayment, REPAYMENT_MOVES),
)
PAIRS = [
    pytest.param(moves, axis(name), target, mark, id=f"{axis.__name__}-{name}-{target}")
    for table, axis, moves in AXES
    for name, *marks in map(str.split, table.strip().splitlines())
    for target, mark in zip(axis, marks, strict=True)
]


@pytest.mark.parametrize(("moves", "current", "target", "mark"), PAIRS)
def test_no_axis_goes_back(moves: Mapping[Any, Any], current: StrEnum, target: StrEnum, mark: str) -> None:
    if mark == "x":
        with pytest.raises(ImpossibleMove):
            move(moves, current, target)
    else:
        assert move(moves, current, target) is (target if mark == ">" else current)


def arrived(*amounts: int, **more: Any) -> Order:
    """Two packs of tea, paid in parts of these amounts, delivered."""
    whole = Demand("1", "TEA-GREEN-250", 2, yuan("136.00"))
    what = order(demands=(whole,), fulfilment=Fulfilment.DELIVERED, **more)
    return replace(paid(what, *amounts), parcels=(parcel(),))


def asking(request: RefundRequest = ALL, refund_id: str = "r1", **more: Any) -> Asking:
    return Asking(refund_id, ORDER_ID, "shop tea", request=request, **more)


def approved(what: Order, request: RefundRequest = ALL, *others: Refund) -> Refund:
    """Asked, approved, and its legs planned."""
    refund = decided(opened(what, others, NOTHING, asking(request)), Decision.APPROVED)
    return planned(refund, what, others)


def told(refund: Refund, outcome: RefundOutcome, number: int = 1) -> Refund:
    return leg_answered(leg_asked(refund, number), number, Told(outcome), NOON).refund


def test_two_refunds_never_come_to_more_than_was_paid() -> None:
    what = arrived()
    first = opened(what, (), NOTHING, asking(ONE))
    goodwill = RefundRequest(adjustments=(Adjustment(yuan("76.01")),))
    with pytest.raises(RefundExceedsCeiling, match=r"at most 76\.00 CNY"):
        opened(what, (first,), NOTHING, asking(goodwill))
    rest = opened(what, (first,), NOTHING, asking(ONE))
    assert first.amount + rest.amount == yuan("136.00")


@pytest.mark.parametrize("decision", [Decision.REFUSED, Decision.WITHDRAWN])
def test_what_was_refused_or_withdrawn_frees_the_ceiling(decision: Decision) -> None:
    what = arrived()
    first = decided(opened(what, (), NOTHING, asking()), decision)
    assert opened(what, (first,), NOTHING, asking()).amount == yuan("144.00")


def test_a_refund_whose_money_nobody_knows_about_still_counts() -> None:
    what = arrived()
    unclear = told(approved(what), RefundOutcome.UNKNOWN)
    with pytest.raises(RefundExceedsCeiling, match="at most 0 can still go back"):
        opened(what, (unclear,), NOTHING, asking(ONE))


@pytest.mark.parametrize("stage", [Fulfilment.WAITING, Fulfilment.RESERVED, Fulfilment.PUSHED])
def test_goods_that_still_ship_are_never_paid_back_silently(stage: Fulfilment) -> None:
    still_here = replace(arrived(), fulfilment=stage, parcels=(), payment=Payment.PAID)
    assert opened(still_here, (), NOTHING, asking()).stage is RefundStage.STOPPING_GOODS
    goodwill = RefundRequest(adjustments=(Adjustment(yuan("1.00")),))
    with pytest.raises(RefundImpossible, match="name the units that are not to leave"):
        opened(still_here, (), NOTHING, asking(goodwill))


def test_a_return_names_its_units_and_goods_that_have_not_left_do_not_come_back() -> None:
    with pytest.raises(RefundImpossible, match="name the units"):
        opened(arrived(), (), NOTHING, asking(RefundRequest(shipping=yuan("8.00")), kind=Kind.RETURN))
    here = replace(arrived(), fulfilment=Fulfilment.PUSHED, parcels=(), payment=Payment.PAID)
    with pytest.raises(RefundImpossible, match="have not left: ask for a refund only"):
        opened(here, (), NOTHING, asking(kind=Kind.RETURN))
    assert opened(arrived(), (), NOTHING, asking(kind=Kind.RETURN)).goods is Goods.EXPECTED


def test_units_that_are_to_come_or_were_dropped_cannot_be_asked_for() -> None:
    half = Demand("1", "TEA-GREEN-250", 2, yuan("136.00"))
    what = replace(arrived(), fulfilment=Fulfilment.PARTLY_SHIPPED, demands=(half,), parcels=(parcel(units=1),))
    dropped = replace(what, demands=(replace(half, dropped=1),))
    two = asking(RefundRequest(units=(Units("1", 2),)))
    with pytest.raises(RefundImpossible, match="1 have left and 1 have not: ask for each in a request of its own"):
        opened(what, (), NOTHING, two)
    with pytest.raises(RefundExceedsCeiling, match=r"at most 1 can still go back, 68\.00 CNY"):
        opened(dropped, (), NOTHING, two)
    for short in (what, dropped):
        goodwill = RefundRequest(adjustments=(Adjustment(yuan("76.01")),))
        with pytest.raises(RefundExceedsCeiling, match=r"at most 76\.00 CNY"):
            opened(short, (), NOTHING, asking(goodwill))


def test_a_dropped_unit_and_the_rest_come_to_the_lines_cash_to_the_fen() -> None:
    three = line(quantity=3, price="0.01", merchant_discount=yuan("0.01"))  # 0.02 of cash over three units
    for dropped in (0, 1, 2):
        whole = Demand("1", "TEA-GREEN-250", 3, three.cash, dropped=dropped)
        what = paid(order(lines=(three,), demands=(whole,), fulfilment=Fulfilment.DELIVERED))
        what = replace(what, parcels=(parcel(units=3 - dropped),))
        asked = asking(RefundRequest(units=(Units("1", 3 - dropped),)))
        try:
            amount = opened(what, (), NOTHING, asked).amount
        except RefundExceedsCeiling:
            amount = Money(0)
        assert amount + whole.dropped_cash == three.cash


def test_nothing_of_a_stopped_order_is_paid_back_but_what_is_due() -> None:
    stopped = replace(arrived(), fulfilment=Fulfilment.STOPPED)
    with pytest.raises(RefundExceedsCeiling):
        opened(stopped, (), yuan("144.00"), asking(ONE))
    due = asking(RefundRequest(), basis=Basis.DUE)
    refund = opened(stopped, (), yuan("144.00"), due)
    assert refund.amount == yuan("144.00")
    with pytest.raises(RefundExceedsCeiling, match="nothing to pay back"):
        opened(stopped, (refund,), yuan("144.00"), due)
    with pytest.raises(RefundImpossible, match="as a whole"):
        opened(stopped, (), yuan("144.00"), asking(ONE, basis=Basis.DUE))


def test_what_is_due_goes_back_from_what_is_owed() -> None:
    stopped = replace(arrived(), fulfilment=Fulfilment.STOPPED)
    due = opened(stopped, (), yuan("144.00"), asking(RefundRequest(), basis=Basis.DUE))
    refund = leg_asked(planned(decided(due, Decision.APPROVED), stopped, ()), 1)
    (entry,) = leg_answered(refund, 1, Told(RefundOutcome.DONE), NOON).entries
    assert [(each.account, each.amount.amount_minor) for each in entry.postings] == [
        ("refund_payable", 14400),
        ("provider_receivable", -14400),
    ]


def test_what_was_refused_at_once_says_why_and_counts_for_nothing() -> None:
    refused = refused_at_once(asking(), "CNY", "at most 8.00 CNY")
    assert (refused.stage, refused.refusal, refused.counted) == (RefundStage.REFUSED, "at most 8.00 CNY", None)


def test_a_refund_follows_its_approval_and_another_version_needs_its_own_signatures() -> None:
    refund = opened(arrived(), (), NOTHING, asking())
    asked = start("shop tea", refund.amount, (StepPlan("support", Mode.ANY, ("lin",)),), NOON)
    signed = approve(asked, 0, Deed("lin", NOON, 1))
    assert approval_moved(refund, asked) == refund
    assert approval_moved(refund, signed).approved == (yuan("144.00"), 1)
    renewed = approval_moved(refund, amended(asked, refund.amount, asked.steps, NOON))
    assert (renewed.version, renewed.decision) == (2, Decision.PENDING)
    with pytest.raises(RefundImpossible, match="the approval is for"):
        approval_moved(refund, replace(signed, amount=yuan("143.00")))
