"""Orders that go out in parts: what is there goes ahead, the rest follows as a further outbound order or is dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from domain import ledger, stock
from domain.case import Cause, NewCase
from domain.money import Money
from domain.order import Change, Order, followed, reserved
from domain.stock import Demand, shortage, units_by_sku


def wanted(order: Order) -> tuple[Demand, ...]:
    """What is still to be reserved."""
    if order.finished:
        return ()
    return _goods(order, order.rest - order.unpushed)


def contents(order: Order, number: int) -> tuple[Demand, ...]:
    """What the outbound order of this number holds: the same before and after the warehouse has it."""
    known = next((each.contents for each in order.outbound if each.number == number), None)
    return _goods(order, order.unpushed if known is None else known)


def allot(order: Order, free: Mapping[str, int]) -> Change:
    """Reserve all that is wanted of the `free` units per sku; what is there of it, where a person split the order.

    Else nothing is reserved, and a case says what is short and what could go ahead.
    """
    asked = wanted(order)
    missing, there = shortage(units_by_sku(asked), free), stock.there(asked, free)
    if not missing:
        return reserved(order, asked)
    if order.split and (there or order.unpushed):
        return reserved(order, there)
    ahead = units_by_sku((*_goods(order, order.unpushed), *there))
    could = f"{_counted(ahead)} could go ahead" if ahead else "nothing could go ahead"
    return Change(order, cases=(NewCase(Cause.OUT_OF_STOCK, str(order.id), f"short of {_counted(missing)}; {could}"),))


def drop(order: Order, stopped: Collection[int] = ()) -> Change:
    """What the warehouse does not have will not come, nor what it `stopped` (by number).

    Its goods are free again, and its share of the buyer's cash is due back. Freight is not: a part goes on.
    """
    if not order.outbound:
        return Change(order)
    outbound = tuple(
        replace(each, stopped=True) if each.number in stopped and not each.outside else each for each in order.outbound
    )
    kept = replace(order, outbound=outbound, split=False)
    rest = kept.rest
    demands = tuple(replace(each, dropped=each.dropped + rest[each.line_id]) for each in kept.demands)
    free = Counter(order.reserved) - kept.away
    after = replace(kept, demands=demands, reserved=dict(Counter(order.reserved) - free))
    due = after.dropped_cash - order.dropped_cash
    reference = f"{order.id}/rest/{sum(each.dropped for each in demands)}"
    return replace(_due_back(followed(after), reference, due), given_back=_goods(order, free))


def _due_back(order: Order, reference: str, due: Money) -> Change:
    if not due.amount_minor:
        return Change(order)
    entry = ledger.refund_due(reference, due, Money(0, due.currency), apart=False)
    case = NewCase(Cause.REFUND_DUE, reference, f"{due} is due back to the buyer: a part of the order will not come")
    return Change(order, (entry,), (case,))


def _goods(order: Order, units: Mapping[str, int]) -> tuple[Demand, ...]:
    return tuple(each.units(units[each.line_id]) for each in order.demands if units.get(each.line_id))


def _counted(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {sku}" for sku, count in units.items())
