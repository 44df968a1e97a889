"""Short orders that are split: what is there goes ahead, the rest follows or is dropped, to the unit and to the fen."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from domain import backorder, ending
from domain import order as orders
from domain.axis import Fulfilment
from domain.case import Cause, Choice
from domain.money import Money, total
from domain.order import Change, Order
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
