"""The four axes of an order. Each is a table of allowed moves; none goes back, only holds may toggle.

One status could not tell a paid order that is on hold from a paid order that was cancelled too late; four axes can.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from domain.errors import ImpossibleMove


class Payment(StrEnum):
    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"


class Fulfilment(StrEnum):
    WAITING = "waiting"
    RESERVED = "reserved"
    PUSHED = "pushed"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    PARTLY_DELIVERED = "partly_delivered"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    STOPPED = "stopped"  # nothing left the house and nothing will


class Holding(StrEnum):
    CLEAR = "clear"
    HELD = "held"


class AfterSale(StrEnum):
    NONE = "none"
    REQUESTED = "requested"
    RESOLVED = "resolved"


Axis = TypeVar("Axis", bound=StrEnum)
NOT_PUSHED = (Fulfilment.WAITING, Fulfilment.RESERVED)

PAYMENT_MOVES: Mapping[Payment, frozenset[Payment]] = {
    Payment.UNPAID: frozenset({Payment.PARTLY_PAID, Payment.PAID}),
    Payment.PARTLY_PAID: frozenset({Payment.PAID}),
    Payment.PAID: frozenset(),
}

_BY_PARCEL = (
    Fulfilment.PARTLY_SHIPPED,
    Fulfilment.SHIPPED,
    Fulfilment.PARTLY_DELIVERED,
    Fulfilment.DELIVERED,
)

# A parcel's message may overtake the answer to our push, so RESERVED reaches everything that PUSHED reaches.
FULFILMENT_MOVES: Mapping[Fulfilment, frozenset[Fulfilment]] = {
    Fulfilment.WAITING: frozenset({Fulfilment.RESERVED, Fulfilment.STOPPED}),
    Fulfilment.RESERVED: frozenset({Fulfilment.PUSHED, Fulfilment.STOPPED, *_BY_PARCEL}),
    Fulfilment.PUSHED: frozenset({Fulfilment.STOPPED, *_BY_PARCEL}),
    Fulfilment.PARTLY_SHIPPED: frozenset(_BY_PARCEL[1:]),
    Fulfilment.SHIPPED: frozenset(_BY_PARCEL[2:]),
    Fulfilment.PARTLY_DELIVERED: frozenset(_BY_PARCEL[3:]),
    Fulfilment.DELIVERED: frozenset({Fulfilment.COMPLETED}),
    Fulfilment.COMPLETED: frozenset(),
    Fulfilment.STOPPED: frozenset(),
}

HOLDING_MOVES: Mapping[Holding, frozenset[Holding]] = {
    Holding.CLEAR: frozenset({Holding.HELD}),
    Holding.HELD: frozenset({Holding.CLEAR}),
}

AFTER_SALE_MOVES: Mapping[AfterSale, frozenset[AfterSale]] = {
    AfterSale.NONE: frozenset({AfterSale.REQUESTED}),
    AfterSale.REQUESTED: frozenset({AfterSale.RESOLVED}),
    AfterSale.RESOLVED: frozenset({AfterSale.REQUESTED}),  # a further after-sale of the same order
}


def move(moves: Mapping[Axis, frozenset[Axis]], current: Axis, target: Axis) -> Axis:
    """The axis after a fact that says `target`. A fact the axis has already passed changes nothing.

    Raises ImpossibleMove where the table has no way and the fact is not old news.
    """
    if target == current or _leads_to(moves, target, current):
        return current
    if target not in moves[current]:
        raise ImpossibleMove(f"{type(current).__name__.lower()} cannot go from {current} to {target}")
    return target


def _leads_to(moves: Mapping[Axis, frozenset[Axis]], start: Axis, end: Axis) -> bool:
    """Whether `end` lies ahead of `start`, and not the other way round as on an axis that toggles."""
    return end in _ahead(moves, start) and start not in _ahead(moves, end)


def _ahead(moves: Mapping[Axis, frozenset[Axis]], start: Axis) -> set[Axis]:
    found: set[Axis] = set()
    border = {start}
    while border:
        border = {target for here in border for target in moves[here]} - found
        found |= border
    return found
