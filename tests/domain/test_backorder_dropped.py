"""A split order whose rest is given up, cancelled or stopped: what is dropped is due back, to the unit and the fen."""

import itertools
from dataclasses import replace

import pytest

from domain import backorder, ending
from domain import order as orders
from domain.axis import AfterSale, Fulfilment
from domain.case import Cause, Choice
from domain.ledger import EntryKind
from domain.money import Money
from domain.order import Cancellation, Change, Order
from domain.stock import Demand
from tests.builders import line, order, yuan
from tests.domain import scenes
from tests.domain.scenes import mixed_parcel
from tests.domain.test_backorder import (
    ARRIVED,
    CUP,
    LEFT,
    TEA,
    ahead,
    allotted,
    both,
    chosen,
    due,
    split,
    three_and_one,
    told,
    units,
)


def test_cancelling_before_anything_is_pushed_cancels_the_order() -> None:
    for what in (three_and_one(), split(), allotted(split(), tea=2)):
        change = chosen(what, Choice.CANCEL)
        assert (change.order.cancellation, change.entries) == (Cancellation.REQUESTED, ())


def test_cancelling_what_follows_gives_up_the_rest_alone_and_its_money_is_due_back() -> None:
    change = chosen(ahead(), Choice.CANCEL)
    assert [(each.line_id, each.dropped) for each in change.order.demands] == [("1", 1), ("2", 1)]
    assert (change.order.cancellation, change.order.awaits_push) == (Cancellation.NONE, False)
    assert [(each.kind, each.reference) for each in change.entries] == [
        (EntryKind.REFUND_DUE, "shop/tea/1001/rest/2"),
    ]
    assert due(change) == yuan("63.33")
    assert [(case.cause, case.subject) for case in change.cases] == [(Cause.REFUND_DUE, "shop/tea/1001/rest/2")]
    assert "63.33 CNY is due back" in change.cases[0].detail
    assert chosen(change.order, Choice.CANCEL) == Change(change.order)


@pytest.mark.parametrize("cause", [Cause.PUSH_FAILED, Cause.PUSH_REFUSED, Cause.ADDRESS_INCOMPLETE])
def test_where_the_push_of_the_rest_may_be_under_way_cancelling_asks_the_warehouse_first(cause: Cause) -> None:
    change = ending.decide(allotted(ahead(), tea=1, cup=1), cause, Choice.CANCEL)
    assert (change.order.cancellation, change.entries) == (Cancellation.REQUESTED, ())


def test_a_split_that_comes_when_nothing_is_awaited_any_more_changes_nothing() -> None:
    assert chosen(both(), Choice.SPLIT) == Change(both())


@pytest.mark.parametrize(
    ("parcels", "reached"),
    [
        ((), Fulfilment.PUSHED),
        ((mixed_parcel("P-1", {"1": 1}),), Fulfilment.PARTLY_SHIPPED),
        ((LEFT,), Fulfilment.SHIPPED),
        ((ARRIVED,), Fulfilment.DELIVERED),
    ],
)
def test_without_the_rest_the_order_is_as_far_as_its_first_part(parcels: tuple, reached: Fulfilment) -> None:  # type: ignore[type-arg]
    first, later = ahead(), backorder.drop(ahead()).order
    for each in parcels:
        first, later = orders.report_parcel(first, each).order, orders.report_parcel(later, each).order
    assert backorder.drop(first).order == later
    assert later.fulfilment is reached


def test_units_that_are_dropped_one_by_one_give_the_whole_cash_to_the_fen() -> None:
    for cash in (0, 1, 2, 9999, 10000, 10001):
        demand = Demand("1", TEA, 3, Money(cash))
        shares = [replace(demand, dropped=count).dropped_cash for count in range(4)]
        steps = [after - before for before, after in itertools.pairwise(shares)]
        assert (shares[0], shares[3]) == (Money(0), Money(cash))
        assert max(steps) - min(steps) <= Money(1)


def test_a_rest_that_cost_nothing_is_dropped_without_money() -> None:
    gift = scenes.paid(scenes.matched(order(lines=(line(), line("2", CUP, 1, "0", gift_of="1")))))
    change = chosen(orders.pushed(allotted(split(gift), tea=2)).order, Choice.CANCEL)
    assert (change.entries, change.cases, change.order.rest) == ((), (), {})


def test_goods_that_were_dropped_and_leave_all_the_same_are_a_case_told_once() -> None:
    dropped = backorder.drop(ahead()).order
    change = orders.report_parcel(dropped, mixed_parcel("P-2", {"2": 1}))
    assert told(change) == [
        (Cause.UNEXPECTED_PARCEL, "parcel P-2 carries more of lines 2 than was due: the rest was dropped")
    ]
    assert orders.report_parcel(change.order, mixed_parcel("P-2", {"2": 1}, delivered=True)).cases == ()
    assert orders.report_parcel(change.order, LEFT).cases == ()


# Cancelled in the middle of it


def test_what_was_dropped_before_is_not_due_a_second_time() -> None:
    for parts in (1, 3):
        what = scenes.matched(order(lines=three_and_one().lines, parts=parts))
        dropped = chosen(orders.pushed(allotted(split(scenes.paid(what)), tea=2)).order, Choice.CANCEL)
        change = ending.stop(ending.request_cancellation(dropped.order).order)
        assert due(dropped) + due(change) == yuan("138.00")
        assert "74.67 CNY is due back" in change.cases[0].detail
        assert len({entry.reference for entry in (*dropped.entries, *change.entries)}) == 1 + parts


def test_a_split_order_that_the_warehouse_stopped_as_a_whole_ends() -> None:
    for what in (ahead(), allotted(ahead(), tea=1, cup=1), both()):
        change = ending.stop(ending.request_cancellation(what).order)
        assert change.order.fulfilment is Fulfilment.STOPPED
        assert all(each.stopped for each in change.order.outbound)
        assert (due(change), change.releases_stock, change.order.unpushed) == (yuan("138.00"), True, {})


@pytest.mark.parametrize(
    ("stands", "stopped", "money", "back"),
    [
        (ahead(), (), "63.33", {}),  # nothing of the rest is reserved
        (allotted(ahead(), tea=1, cup=1), (2,), "63.33", {"1": 1, "2": 1}),
        (both(), (2,), "63.33", {"1": 1, "2": 1}),
        (both(), (1,), "66.67", {"1": 2}),
        (both(), (), "0.00", {}),
    ],
    ids=["the rest waits", "its push was under way", "the rest was stopped", "only the first was stopped", "too late"],
)
def test_cancelled_too_late_what_has_not_left_is_dropped(
    stands: Order, stopped: tuple[int, ...], money: str, back: dict[str, int]
) -> None:
    change = ending.cancel_too_late(ending.request_cancellation(stands).order, stopped)
    assert (change.order.cancellation, change.order.after_sale) == (Cancellation.TOO_LATE, AfterSale.REQUESTED)
    assert (due(change).decimal, units(change.given_back), change.order.awaits_push) == (money, back, False)
    assert [case.cause for case in change.cases] == [
        Cause.RETURN_REQUESTED,
        *([Cause.REFUND_DUE] if due(change).amount_minor else []),
    ]
    assert {each.number for each in change.order.outbound if each.stopped} == set(stopped) & {
        each.number for each in stands.outbound
    }
    assert ending.cancel_too_late(change.order, stopped) == Change(change.order)


def test_what_left_by_another_way_cannot_be_stopped_by_the_warehouse() -> None:
    skipped = orders.pushed(scenes.reserved(), outside=True).order
    change = ending.stop(ending.request_cancellation(skipped).order)
    assert (change.order.fulfilment, change.order.cancellation) == (Fulfilment.PUSHED, Cancellation.TOO_LATE)
    assert ([case.cause for case in change.cases], change.entries) == ([Cause.RETURN_REQUESTED], ())


def test_of_a_split_order_only_what_the_warehouse_has_can_be_stopped() -> None:
    skipped = orders.pushed(allotted(ahead(), tea=1, cup=1), 2, outside=True).order
    change = ending.stop(ending.request_cancellation(skipped).order)
    assert [each.stopped for each in change.order.outbound] == [True, False]
    assert (due(change), change.order.cancellation) == (yuan("66.67"), Cancellation.TOO_LATE)


def test_what_left_is_never_dropped_whatever_the_warehouse_says_of_it() -> None:
    gone = orders.report_parcel(both(), mixed_parcel("P-1", {"1": 2})).order
    change = backorder.drop(gone, stopped=(1, 2))
    assert due(change) == yuan("63.33")
    assert change.order.fulfilment is Fulfilment.SHIPPED
