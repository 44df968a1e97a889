"""Goods that a refund keeps from leaving: they are taken out of the order, as far as the warehouse lets go of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from domain import ledger
from domain.axis import FULFILMENT_MOVES, Fulfilment
from domain.ending import stop
from domain.line import Line
from domain.money import Money, total
from domain.order import Cancellation, Change, Order, followed
from domain.outbound import StopWish, handed_over
from domain.shipment import carried
from domain.stock import Demand


@dataclass(frozen=True)
class Stopped:
    """What came of a wish: `units` by line will not leave, and their `due` is owed to the buyer. None: too late."""

    change: Change
    due: Money
    units: Mapping[str, int] = field(default_factory=dict)


def to_come(order: Order, line: Line) -> int:
    """Whole units of a line that have not left and were not dropped."""
    if order.finished:
        return 0
    if line.line_id in order.unmatched:
        return line.quantity
    away = carried({demand.line_id for demand in order.demands}, order.parcels)
    return min(max(each.due - away[each.line_id], 0) * line.quantity // each.quantity for each in parts_of(order, line))


def with_gifts(order: Order, units: Mapping[str, int]) -> dict[str, int]:
    """A gift does not go out alone: it stays with the last unit of what it was given for."""
    whole = {line.line_id for line in order.lines if units.get(line.line_id) == to_come(order, line)}
    gifts = {line.line_id: to_come(order, line) for line in order.lines if line.gift_of in whole}
    return {**units, **{line_id: count for line_id, count in gifts.items() if count}}


def intercepts(order: Order, wish: StopWish) -> tuple[int, ...]:
    """The outbound orders that hold what is wished, the last one first, and none that need not be stopped.

    One whose push is not answered yet may be with the warehouse; behind a hold nothing was pushed.
    """
    if order.finished:
        return ()
    going = {each.number: Counter(each.contents) for each in order.outbound if not each.stopped and not each.outside}
    nobody_has = order.rest
    if order.unpushed and not order.holds:
        going[len(order.outbound) + 1] = order.unpushed
        nobody_has -= order.unpushed
    needed, found = _wanted(order, wish) - nobody_has, []
    for number in sorted(going, reverse=True):
        if needed & going[number]:
            found.append(number)
            needed -= going[number]
    return tuple(found)


def stopped_for(order: Order, wish: StopWish, stopped: Collection[int]) -> Stopped:
    """`stopped`: the outbound orders that the warehouse let go of. What else they held goes out again as a new one."""
    nothing = Money(0, order.shipping.currency)
    if order.finished:
        return Stopped(Change(_answered(order, wish)), nothing)
    outbound = tuple(replace(each, stopped=each.stopped or each.number in stopped) for each in order.outbound)
    kept = _answered(replace(order, outbound=outbound), wish)
    units, demands = _taken_out(kept, wish)
    if units and _ends(kept, units):
        ended = stop(replace(kept, cancellation=Cancellation.REQUESTED))
        return Stopped(replace(ended, cases=()), _owed(ended), units)
    units = {line_id: count for line_id, count in units.items() if line_id not in order.unmatched}
    if not units:
        return Stopped(Change(kept), nothing)
    still = {each.line_id: each.due for each in demands}
    reserved = {line_id: min(held, still[line_id]) for line_id, held in kept.reserved.items()}
    free = Counter(dict(kept.reserved)) - Counter(reserved)
    after = replace(kept, demands=demands, reserved={line_id: held for line_id, held in reserved.items() if held})
    due = after.dropped_cash - order.dropped_cash
    entries: tuple[ledger.Entry, ...] = ()
    if due.amount_minor:
        reference = f"{order.id}/rest/{sum(each.dropped for each in demands)}"
        entries = (ledger.refund_due(reference, due, nothing, apart=False),)
    back = tuple(each.units(free[each.line_id]) for each in demands if free[each.line_id])
    return Stopped(Change(followed(after), entries, given_back=back), due, units)


def _taken_out(order: Order, wish: StopWish) -> tuple[dict[str, int], tuple[Demand, ...]]:
    """As many whole units as are free to be taken, by line; and the demands without them."""
    away = handed_over(order.outbound) | carried({each.line_id for each in order.demands}, order.parcels)
    units, dropped = {}, Counter[str]()
    for line in order.lines:
        parts, wanted = list(parts_of(order, line)), wish.units.get(line.line_id, 0)
        if line.line_id in order.unmatched:
            units[line.line_id] = wanted
            continue
        free = (max(each.due - away[each.line_id], 0) * line.quantity // each.quantity for each in parts)
        units[line.line_id] = min(wanted, *free)
        dropped.update({each.line_id: units[line.line_id] * each.quantity // line.quantity for each in parts})
    demands = tuple(replace(each, dropped=each.dropped + dropped[each.line_id]) for each in order.demands)
    return {line_id: count for line_id, count in units.items() if count}, demands


def _ends(order: Order, units: Mapping[str, int]) -> bool:
    """Nothing has left, and nothing is left to go."""
    if Fulfilment.STOPPED not in FULFILMENT_MOVES[order.fulfilment]:
        return False
    return all(to_come(order, line) == units.get(line.line_id, 0) for line in order.lines)


def _answered(order: Order, wish: StopWish) -> Order:
    return replace(order, stops=tuple(each for each in order.stops if each.refund_id != wish.refund_id))


def _wanted(order: Order, wish: StopWish) -> Counter[str]:
    """The wish in units of the own skus."""
    return Counter(
        {
            part.line_id: wish.units[line.line_id] * part.quantity // line.quantity
            for line in order.lines
            if line.line_id in wish.units
            for part in parts_of(order, line)
        }
    )


def parts_of(order: Order, line: Line) -> Iterator[Demand]:
    """A bundle has several."""
    for demand in order.demands:
        if demand.line_id == line.line_id or demand.line_id.rpartition(".")[0] == line.line_id:
            yield demand


def _owed(change: Change) -> Money:
    postings = (each for entry in change.entries for each in entry.postings)
    owed = (-each.amount for each in postings if each.account is ledger.Account.REFUND_PAYABLE)
    return total(owed, change.order.shipping.currency)
