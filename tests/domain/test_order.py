"""An order: how it is placed, how it ends early, and the one stage that people see."""

from dataclasses import replace

import pytest

from domain import ending
from domain import order as orders
from domain.axis import AfterSale, Fulfilment, Holding, Payment
from domain.case import Cause
from domain.errors import CurrencyMismatch, ImpossibleMove, InvalidOrder
from domain.ledger import EntryKind
from domain.line import Line, check_lines
from domain.money import Money
from domain.order import Cancellation, HoldReason, Order, Stage
from domain.payment import PlanPart
from tests.builders import NOON, capture, line, order, parcel, yuan
from tests.domain import scenes

FREE = yuan("0")


def test_an_order_costs_what_its_lines_leave_to_the_buyer_and_the_freight() -> None:
    lines = (
        line("1", quantity=2, merchant_discount=yuan("6.00"), platform_subsidy=yuan("10.00")),
        line("2", "CUP-WHITE", 1, "0", gift_of="1"),
    )
    placed = orders.place(order(lines=lines)).order
    assert [each.cash for each in placed.lines] == [yuan("120.00"), FREE]
    assert placed.amount == yuan("128.00")


def test_a_placed_order_moves_no_axis_and_books_nothing() -> None:
    change = orders.place(order())
    assert (change.order, change.entries, change.cases) == (order(), (), ())


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ((), "at least one line"),
        ((line("1"), line("1")), "its own line_id"),
        ((line(quantity=0),), "quantity from 1"),
        ((line(quantity=-1),), "quantity from 1"),
        ((line(merchant_discount=yuan("136.01")),), "discounts no larger than the price"),
        ((line(merchant_discount=-yuan("1.00")),), "zero or more"),
        ((line(platform_subsidy=-yuan("1.00")),), "zero or more"),
        ((replace(line(), list_price=-yuan("1.00"), merchant_discount=-yuan("9.00")),), "zero or more"),
        ((line("1"), line("2", price="0", gift_of="3")), "gift_of must name"),
        ((line("1"), line("2", price="0", gift_of="2")), "gift_of must name"),
        ((line("1"), line("2", price="0", gift_of="3"), line("3", price="0", gift_of="2")), "gift_of must name"),
        ((line("1"), line("2", price="1.00", gift_of="1")), "a gift has list price 0"),
        ((line("2"), line("2.1")), "reads like a part of another line"),
    ],
)
def test_lines_that_cannot_be_are_refused(lines: tuple[Line, ...], refused: str) -> None:
    with pytest.raises(InvalidOrder, match=refused):
        check_lines(lines)


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ([], "number the parts"),
        ([(2, "144.00")], "number the parts"),
        ([(1, "100.00"), (1, "44.00")], "number the parts"),
        ([(2, "100.00"), (1, "44.00")], "number the parts"),
        ([(1, "144.00"), (2, "0")], "above zero"),
        ([(1, "143.99")], r"sums to 143\.99 CNY, the lines and shipping to 144\.00 CNY"),
        ([(1, "100.00"), (2, "44.01")], "sums to"),
        ([(number, "1.44") for number in range(1, 101)], "at most 99 parts"),
    ],
)
def test_a_plan_that_does_not_pay_the_order_is_refused(parts: list[tuple[int, str]], refused: str) -> None:
    plan = tuple(PlanPart(number, yuan(amount), NOON) for number, amount in parts)
    with pytest.raises(InvalidOrder, match=refused):
        orders.place(replace(order(), plan=plan))


def test_freight_below_zero_is_refused() -> None:
    negative = replace(order(), shipping=-yuan("8.00"))
    plan = (PlanPart(1, yuan("128.00"), NOON),)
    with pytest.raises(InvalidOrder, match="shipping"):
        orders.place(replace(negative, plan=plan))


def test_an_order_in_two_currencies_is_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        check_lines((line(merchant_discount=Money(0, "USD")),))
    with pytest.raises(CurrencyMismatch):
        orders.place(replace(order(), shipping=Money(800, "USD")))


STAGES = {
    Stage.AWAITING_PAYMENT: scenes.matched(),
    Stage.PARTLY_PAID: orders.capture_payment(order(parts=2), capture("72.00", part=1)).order,
    Stage.PAID: scenes.paid(),
    Stage.ON_HOLD: replace(scenes.reserved(), holds=(HoldReason.ADDRESS_INCOMPLETE,)),
    Stage.PREPARING: scenes.reserved(),
    Stage.AT_WAREHOUSE: scenes.pushed(),
    Stage.PARTLY_SHIPPED: orders.report_parcel(scenes.pushed(), parcel(units=1)).order,
    Stage.SHIPPED: scenes.shipped(),
    Stage.PARTLY_DELIVERED: orders.report_parcel(
        orders.report_parcel(scenes.pushed(), parcel("P-1", 1)).order, parcel("P-2", 1, delivered=True)
    ).order,
    Stage.DELIVERED: scenes.delivered(),
    Stage.COMPLETED: scenes.completed(),
    Stage.CANCELLED: scenes.cancelled(scenes.pushed()),
    Stage.CLOSED_UNPAID: ending.stop(scenes.matched()).order,
}


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_is_reached_by_facts(stage: Stage) -> None:
    assert STAGES[stage].stage is stage


@pytest.mark.parametrize(
    ("what", "stage"),
    [
        (replace(scenes.paid(), holds=(HoldReason.UNMATCHED_SKU,)), Stage.ON_HOLD),
        (replace(scenes.matched(), holds=(HoldReason.UNMATCHED_SKU,)), Stage.AWAITING_PAYMENT),
        (replace(scenes.pushed(), holds=(HoldReason.UNMATCHED_SKU,)), Stage.AT_WAREHOUSE),
        (replace(scenes.pushed(), cancellation=Cancellation.REQUESTED), Stage.AT_WAREHOUSE),
        (replace(scenes.shipped(), cancellation=Cancellation.TOO_LATE), Stage.SHIPPED),
        (replace(scenes.completed(), after_sale=AfterSale.REQUESTED), Stage.COMPLETED),
    ],
)
def test_the_stage_shows_the_axis_that_matters(what: Order, stage: Stage) -> None:
    assert what.stage is stage


def test_an_order_is_held_while_a_hold_stands() -> None:
    assert scenes.paid().holding is Holding.CLEAR
    assert replace(scenes.paid(), holds=(HoldReason.UNMATCHED_SKU,)).holding is Holding.HELD


def test_stopping_an_unpaid_order_frees_the_stock_and_owes_nothing() -> None:
    change = ending.stop(scenes.matched())
    assert change.order.fulfilment is Fulfilment.STOPPED
    assert (change.entries, change.cases, change.releases_stock) == ((), (), True)


def test_stopping_a_paid_order_makes_all_its_money_due_back() -> None:
    wish = ending.request_cancellation(scenes.pushed(scenes.matched(order(parts=2)))).order
    change = ending.stop(wish)
    assert change.order.cancellation is Cancellation.DONE
    assert [(each.kind, each.reference) for each in change.entries] == [
        (EntryKind.REFUND_DUE, "alipay/main/trade-1"),
        (EntryKind.REFUND_DUE, "alipay/main/trade-2"),
    ]
    assert [case.cause for case in change.cases] == [Cause.REFUND_DUE]
    assert "144.00 CNY is due back" in change.cases[0].detail
    assert change.releases_stock


def test_odd_money_goes_back_from_where_it_was_held_apart() -> None:
    """At once, since another trade has paid its part; not a second time when the order ends."""
    odd = orders.capture_payment(scenes.paid(), capture("3.00", "odd"))
    entries = (*odd.entries[1:], *ending.stop(odd.order).entries)
    due = {entry.reference: {each.account.value for each in entry.postings} for entry in entries}
    assert due == {
        "alipay/main/trade-1": {"buyer_cash", "freight", "refund_payable"},
        "alipay/main/odd": {"held_apart", "refund_payable"},
    }


def test_stopping_ends_the_holds() -> None:
    assert ending.stop(replace(scenes.reserved(), holds=(HoldReason.UNMATCHED_SKU,))).order.holds == ()


def test_stopping_again_changes_nothing() -> None:
    stopped = scenes.cancelled(scenes.paid())
    assert ending.stop(stopped) == orders.Change(stopped)


@pytest.mark.parametrize("left", [STAGES[Stage.PARTLY_SHIPPED], scenes.shipped(), scenes.delivered()])
def test_stopping_after_goods_left_becomes_a_return(left: Order) -> None:
    wish = ending.request_cancellation(left).order
    change = ending.stop(wish)
    assert change.order.fulfilment is left.fulfilment
    assert (change.order.cancellation, change.order.after_sale) == (Cancellation.TOO_LATE, AfterSale.REQUESTED)
    assert [case.cause for case in change.cases] == [Cause.RETURN_REQUESTED]
    assert (change.entries, change.releases_stock) == ((), False)


def test_a_cancellation_too_late_is_told_once() -> None:
    late = ending.cancel_too_late(ending.request_cancellation(scenes.shipped()).order).order
    assert ending.cancel_too_late(late) == orders.Change(late)
    settled = replace(late, after_sale=AfterSale.RESOLVED)
    assert ending.cancel_too_late(settled) == orders.Change(settled)


def test_a_wish_to_cancel_is_noted_once_and_stops_nothing_by_itself() -> None:
    wish = ending.request_cancellation(scenes.pushed()).order
    assert (wish.cancellation, wish.fulfilment) == (Cancellation.REQUESTED, Fulfilment.PUSHED)
    assert ending.request_cancellation(wish) == orders.Change(wish)


def test_a_wish_to_cancel_a_stopped_order_changes_nothing() -> None:
    closed = ending.stop(scenes.matched()).order
    assert ending.request_cancellation(closed) == orders.Change(closed)


def test_a_wish_to_cancel_a_completed_order_becomes_a_return() -> None:
    change = ending.request_cancellation(scenes.completed())
    assert (change.order.stage, change.order.after_sale) == (Stage.COMPLETED, AfterSale.REQUESTED)
    assert [case.cause for case in change.cases] == [Cause.RETURN_REQUESTED]
    assert ending.request_cancellation(change.order) == orders.Change(change.order)


def test_only_a_delivered_order_completes() -> None:
    assert scenes.completed().finished
    assert orders.complete(scenes.completed()).order == scenes.completed()
    for early in (scenes.matched(), scenes.pushed(), scenes.shipped(), ending.stop(scenes.matched()).order):
        with pytest.raises(ImpossibleMove):
            orders.complete(early)


def test_a_push_needs_reserved_goods_and_its_repeat_changes_nothing() -> None:
    with pytest.raises(ImpossibleMove):
        orders.pushed(scenes.paid())
    for further in (scenes.pushed(), scenes.shipped(), scenes.completed(), scenes.cancelled(scenes.pushed())):
        assert orders.pushed(further).order == further
        assert orders.reserved(further, ()) == orders.Change(further)
    assert scenes.paid().payment is Payment.PAID
