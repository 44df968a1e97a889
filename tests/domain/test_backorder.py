"""Short orders that are split: what is there goes ahead, the rest follows or is dropped, to the unit and to the fen."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from domain import backorder, ending
from domain import order as orders
from domain.axis import AfterSale, Fulfilment
from domain.case import Cause, Choice
from domain.ledger import EntryKind
from domain.money import Money, total
from domain.order import Cancellation, Change, Order
from domain.outbound import Outbound
from domain.stock import Demand, there
from tests.builders import line, order, yuan
from tests.domain import scenes
from tests.domain.scenes import mixed_parcel

TEA, CUP = "TEA-GREEN-250", "CUP-WHITE"
LEFT = mixed_parcel("P-1", {"1": 2})
ARRIVED = mixed_parcel("P-1", {"1": 2}, delivered=True)
FOLLOWED = mixed_parcel("P-2", {"1": 1, "2": 1}, delivered=True)


def three_and_one() -> Order:
    """Three packs of tea for 100.00 CNY, a cup for 30.00 and freight for 8.00; paid."""
    tea = line("1", TEA, 3, "33.34", merchant_discount=yuan("0.02"))
    return scenes.paid(scenes.matched(order(lines=(tea, line("2", CUP, 1, "30.00")))))


def allotted(what: Order, **free: int) -> Order:
    """`tea` and `cup` packs are free."""
    return backorder.allot(what, {TEA: free.get("tea", 0), CUP: free.get("cup", 0)}).order


def chosen(what: Order, choice: Choice) -> Change:
    return ending.decide(what, Cause.OUT_OF_STOCK, choice)


def split(what: Order | None = None) -> Order:
    """A person let go ahead what is there."""
    return chosen(what or three_and_one(), Choice.SPLIT).order


def ahead() -> Order:
    """Two of three packs of tea are at the warehouse; one and the cup are to follow."""
    return orders.pushed(allotted(split(), tea=2)).order


def both() -> Order:
    """The rest is at the warehouse, too."""
    return orders.pushed(allotted(ahead(), tea=1, cup=1), 2).order


def told(change: Change) -> list[tuple[Cause, str]]:
    return [(case.cause, case.detail) for case in change.cases]


def due(change: Change) -> Money:
    return -total(
        (each.amount for entry in change.entries for each in entry.postings if each.account == "refund_payable"), "CNY"
    )


def units(goods: tuple[Demand, ...]) -> dict[str, int]:
    return {each.line_id: each.quantity for each in goods}


# What is there


@pytest.mark.parametrize(
    ("free", "served"),
    [
        ({}, {}),
        ({TEA: 2}, {"1": 2}),
        ({TEA: 9, CUP: 1}, {"1": 3, "2": 1}),
        ({TEA: -1, CUP: 1}, {"2": 1}),
    ],
)
def test_as_much_is_served_as_is_there(free: Mapping[str, int], served: dict[str, int]) -> None:
    assert units(there(three_and_one().demands, free)) == served


def test_two_lines_of_one_sku_are_served_in_their_order() -> None:
    what = scenes.matched(order(lines=(line("1", TEA, 2), line("2", TEA, 2))))
    assert units(there(what.demands, {TEA: 3})) == {"1": 2, "2": 1}


@pytest.mark.parametrize(
    ("tea", "cup", "detail"),
    [
        (2, 1, f"short of 1 x {TEA}; 1 x {CUP}, 2 x {TEA} could go ahead"),
        (3, 0, f"short of 1 x {CUP}; 3 x {TEA} could go ahead"),
        (0, 0, f"short of 1 x {CUP}, 3 x {TEA}; nothing could go ahead"),
    ],
)
def test_a_short_order_reserves_nothing_and_its_case_says_what_could_go_ahead(tea: int, cup: int, detail: str) -> None:
    change = backorder.allot(three_and_one(), {TEA: tea, CUP: cup})
    assert (change.order, change.taken) == (three_and_one(), ())
    assert told(change) == [(Cause.OUT_OF_STOCK, detail)]


def test_an_order_of_which_all_is_there_is_reserved_as_a_whole_split_or_not() -> None:
    for what in (three_and_one(), split()):
        change = backorder.allot(what, {TEA: 3, CUP: 9})
        assert (units(change.taken), change.cases) == ({"1": 3, "2": 1}, ())
        pushed = orders.pushed(change.order).order
        assert (pushed.outbound, pushed.backordered) == ((Outbound(1, {"1": 3, "2": 1}),), False)


# The split


def test_what_is_there_goes_ahead_and_the_rest_waits() -> None:
    change = backorder.allot(split(), {TEA: 2})
    assert (units(change.taken), change.order.fulfilment, change.cases) == ({"1": 2}, Fulfilment.RESERVED, ())
    after = orders.pushed(change.order).order
    assert after == ahead()
    assert after.outbound == (Outbound(1, {"1": 2}),)
    assert (after.fulfilment, after.backordered, after.rest) == (Fulfilment.PUSHED, True, {"1": 1, "2": 1})


def test_a_split_of_nothing_is_a_case_again() -> None:
    change = backorder.allot(split(), {})
    assert change.taken == ()
    assert told(change) == [(Cause.OUT_OF_STOCK, f"short of 1 x {CUP}, 3 x {TEA}; nothing could go ahead")]


def test_a_split_is_good_for_one_outbound_order() -> None:
    change = backorder.allot(ahead(), {TEA: 1})
    assert (change.taken, ahead().split) == ((), False)
    assert told(change) == [(Cause.OUT_OF_STOCK, f"short of 1 x {CUP}; 1 x {TEA} could go ahead")]
    assert units(backorder.allot(split(ahead()), {TEA: 1}).taken) == {"1": 1}


def test_what_was_reserved_before_a_late_line_was_found_short_goes_ahead() -> None:
    what = three_and_one()
    late = replace(allotted(replace(what, demands=what.demands[:1]), tea=3), demands=what.demands)
    assert told(backorder.allot(late, {})) == [(Cause.OUT_OF_STOCK, f"short of 1 x {CUP}; 3 x {TEA} could go ahead")]
    change = backorder.allot(split(late), {})
    assert (change.taken, change.cases) == ((), ())
    assert orders.pushed(change.order).order.outbound == (Outbound(1, {"1": 3}),)


def test_the_rest_follows_as_an_outbound_order_of_its_own() -> None:
    ready = allotted(ahead(), tea=1, cup=1)
    assert units(backorder.contents(ready, 2)) == {"1": 1, "2": 1}
    assert both().outbound == (Outbound(1, {"1": 2}), Outbound(2, {"1": 1, "2": 1}))
    assert (both().rest, both().awaits_push) == ({}, False)


def test_an_outbound_order_holds_the_same_on_each_attempt_and_nothing_once_it_is_dropped() -> None:
    ready = allotted(ahead(), tea=1, cup=1)
    for stands in (ready, orders.report_parcel(ready, LEFT).order, both()):
        assert units(backorder.contents(stands, 1)) == {"1": 2}
        assert units(backorder.contents(stands, 2)) == {"1": 1, "2": 1}
    assert backorder.contents(backorder.drop(ready).order, 2) == ()
    assert backorder.contents(ending.stop(ready).order, 2) == ()


def test_a_push_that_is_told_again_changes_nothing() -> None:
    for number in (1, 2):
        assert orders.pushed(both(), number) == Change(both())


def test_the_first_part_does_not_make_the_order_shipped_or_delivered() -> None:
    after = orders.report_parcel(ahead(), LEFT).order
    assert (after.fulfilment, after.awaits_push) == (Fulfilment.PARTLY_SHIPPED, True)
    after = orders.report_parcel(after, ARRIVED).order
    assert (after.fulfilment, after.awaits_push) == (Fulfilment.PARTLY_SHIPPED, True)
    after = orders.report_parcel(after, FOLLOWED).order  # it overtook the answer to its push
    assert (after.fulfilment, after.awaits_push) == (Fulfilment.DELIVERED, False)


@pytest.mark.parametrize("ended", [scenes.cancelled(ahead()), scenes.completed()])
def test_an_order_that_ended_wants_nothing_more(ended: Order) -> None:
    assert (backorder.wanted(ended), ended.backordered, ended.awaits_push) == ((), False, False)
    assert backorder.allot(ended, {TEA: 9, CUP: 9}).taken == ()


# The rest is given up


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


def test_what_left_is_never_dropped_whatever_the_warehouse_says_of_it() -> None:
    gone = orders.report_parcel(both(), mixed_parcel("P-1", {"1": 2})).order
    change = backorder.drop(gone, stopped=(1, 2))
    assert due(change) == yuan("63.33")
    assert change.order.fulfilment is Fulfilment.SHIPPED
