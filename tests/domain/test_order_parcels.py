"""Parcels: each followed on its own, in whatever order their messages come."""

from dataclasses import replace

import pytest

from domain import order as orders
from domain.axis import Fulfilment
from domain.case import Cause
from domain.order import Change, HoldReason, Order
from domain.shipment import Parcel
from tests.builders import NOON, parcel
from tests.domain import scenes
from tests.domain.scenes import LATER, mixed_parcel


def told(what: Order, *parcels: Parcel) -> Order:
    for each in parcels:
        what = orders.report_parcel(what, each).order
    return what


def left(change: Change) -> list[tuple[str, int]]:
    return [(each.line_id, each.quantity) for each in change.shipped]


def test_one_parcel_ships_and_delivers_the_order() -> None:
    change = orders.report_parcel(scenes.pushed(), parcel())
    assert (change.order.fulfilment, left(change), change.cases) == (Fulfilment.SHIPPED, [("1", 2)], ())
    arrived = orders.report_parcel(change.order, parcel(delivered=True, at=LATER))
    assert (arrived.order.fulfilment, left(arrived)) == (Fulfilment.DELIVERED, [])
    assert (arrived.order.parcels[0].shipped_at, arrived.order.parcels[0].delivered_at) == (NOON, LATER)


FIRST, REST = mixed_parcel("P-1", {"1": 1, "2": 1}), mixed_parcel("P-2", {"1": 1})
FIRST_THERE, REST_THERE = (
    mixed_parcel("P-1", {"1": 1, "2": 1}, delivered=True),
    mixed_parcel("P-2", {"1": 1}, delivered=True),
)


@pytest.mark.parametrize(
    ("parcels", "reached"),
    [
        ((), Fulfilment.PUSHED),
        ((FIRST,), Fulfilment.PARTLY_SHIPPED),
        ((FIRST_THERE,), Fulfilment.PARTLY_SHIPPED),
        ((FIRST, REST), Fulfilment.SHIPPED),
        ((FIRST_THERE, REST), Fulfilment.PARTLY_DELIVERED),
        ((FIRST, REST_THERE), Fulfilment.PARTLY_DELIVERED),
        ((FIRST_THERE, REST_THERE), Fulfilment.DELIVERED),
        ((FIRST_THERE, REST_THERE, FIRST, REST), Fulfilment.DELIVERED),
        ((FIRST, mixed_parcel("P-3", {"1": 1, "2": 1})), Fulfilment.SHIPPED),
    ],
)
def test_a_split_order_goes_as_far_as_its_parcels_together(parcels: tuple[Parcel, ...], reached: Fulfilment) -> None:
    assert told(scenes.pushed(scenes.two_lines()), *parcels).fulfilment is reached


def test_a_parcel_delivered_before_it_was_shipped_is_one_parcel_and_leaves_stock_once() -> None:
    arrived = orders.report_parcel(scenes.pushed(), parcel(delivered=True, at=LATER))
    assert (arrived.order.fulfilment, left(arrived)) == (Fulfilment.DELIVERED, [("1", 2)])
    change = orders.report_parcel(arrived.order, parcel())
    assert (change.order, left(change)) == (scenes.delivered(), [])


def test_a_parcel_may_overtake_the_answer_to_our_push() -> None:
    overtaken = told(scenes.reserved(), parcel())
    assert overtaken.fulfilment is Fulfilment.SHIPPED
    told_late = orders.pushed(overtaken).order
    assert (told_late.fulfilment, told_late.outbound) == (Fulfilment.SHIPPED, scenes.pushed().outbound)


def test_a_repeated_message_changes_nothing_and_opens_no_case_again() -> None:
    strange = mixed_parcel("P-9", {"1": 1, "9": 1})
    for stands in (scenes.pushed(scenes.two_lines()), scenes.matched(), scenes.cancelled(scenes.pushed())):
        after = told(stands, FIRST, REST, strange)
        for each in (FIRST, REST, strange):
            assert orders.report_parcel(after, each) == Change(after)


def test_a_parcel_with_unknown_lines_is_kept_but_does_not_count() -> None:
    change = orders.report_parcel(scenes.pushed(), mixed_parcel("P-9", {"1": 2, "9": 1}))
    assert change.order.fulfilment is Fulfilment.PUSHED
    assert [each.parcel_no for each in change.order.parcels] == ["P-9"]
    assert ([case.cause for case in change.cases], left(change)) == ([Cause.UNKNOWN_LINES], [])
    assert "carries lines 9," in change.cases[0].detail
    assert told(change.order, parcel()).fulfilment is Fulfilment.SHIPPED


def test_a_parcel_after_the_end_moves_nothing_but_its_goods_are_gone() -> None:
    stopped = scenes.cancelled(scenes.pushed())
    change = orders.report_parcel(stopped, parcel())
    assert change.order.fulfilment is Fulfilment.STOPPED
    assert ([case.cause for case in change.cases], left(change)) == ([Cause.UNEXPECTED_PARCEL], [("1", 2)])


def test_a_stopped_order_with_a_parcel_bears_late_steps() -> None:
    after = told(scenes.cancelled(scenes.pushed()), parcel())
    assert orders.reserved(after, ()) == Change(after)
    assert orders.pushed(after) == Change(after)


@pytest.mark.parametrize("early", [scenes.matched(), scenes.paid()], ids=["unpaid", "unreserved"])
def test_a_parcel_too_early_is_a_case_and_counts_once_the_goods_are_reserved(early: Order) -> None:
    change = orders.report_parcel(early, parcel())
    assert change.order.fulfilment is Fulfilment.WAITING
    assert ([case.cause for case in change.cases], left(change)) == ([Cause.UNEXPECTED_PARCEL], [])
    caught_up = scenes.reserving(scenes.paid(change.order))
    assert (caught_up.order.fulfilment, left(caught_up)) == (Fulfilment.SHIPPED, [("1", 2)])
    assert caught_up.order == replace(scenes.shipped(), captures=caught_up.order.captures, outbound=())
    assert orders.reserved(caught_up.order, ()) == Change(caught_up.order)


def test_a_parcel_too_early_with_strange_lines_takes_nothing_from_stock() -> None:
    early = told(scenes.paid(), mixed_parcel("P-9", {"1": 1, "9": 1}), parcel("P-1", 1))
    caught_up = scenes.reserving(early)
    assert (caught_up.order.fulfilment, left(caught_up)) == (Fulfilment.PARTLY_SHIPPED, [("1", 1)])


def test_contents_that_are_told_late_leave_the_stock_when_they_are_told() -> None:
    empty = orders.report_parcel(scenes.pushed(), replace(parcel(delivered=True, at=LATER), contents=()))
    assert (empty.order.fulfilment, left(empty)) == (Fulfilment.PUSHED, [])
    change = orders.report_parcel(empty.order, parcel())
    assert (change.order.fulfilment, left(change)) == (Fulfilment.DELIVERED, [("1", 2)])


def test_the_earliest_time_of_each_kind_stands() -> None:
    for told_times in ((NOON, LATER), (LATER, NOON)):
        after = told(scenes.pushed(), *(parcel(at=at) for at in told_times))
        assert after.parcels[0].shipped_at == NOON


def test_goods_that_left_end_the_hold() -> None:
    held = replace(scenes.reserved(), holds=(HoldReason.ADDRESS_INCOMPLETE,))
    assert told(held, parcel()).holds == ()


def test_a_line_that_nobody_mapped_has_not_left_and_keeps_its_hold() -> None:
    what = scenes.two_lines()
    half = replace(what, demands=what.demands[:1], unmatched=("2",))
    held = replace(scenes.reserved(half), holds=(HoldReason.UNMATCHED_SKU,))
    after = told(held, parcel())
    assert (after.fulfilment, after.holds) == (Fulfilment.PARTLY_SHIPPED, (HoldReason.UNMATCHED_SKU,))


def test_a_parcel_never_takes_a_completed_order_back() -> None:
    assert told(scenes.completed(), parcel("P-7", 1)).fulfilment is Fulfilment.COMPLETED
