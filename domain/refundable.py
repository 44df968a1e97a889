"""What a buyer can still ask back of an order, exactly: a form offers this, and no request beyond it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.axis import Payment
from domain.errors import RefundExceedsCeiling
from domain.goods_asked import STILL_IN_THE_HOUSE
from domain.money import Money
from domain.order import Order
from domain.refund import Refund, claims, claims_on_the_rest
from domain.refund_money import Quote, RefundRequest, Units, ceiling, quote
from domain.stopping import to_come


@dataclass(frozen=True)
class LineLeft:
    """`cash`: what all of these units come to."""

    line_id: str
    units: int
    cash: Money


@dataclass(frozen=True)
class Offer:
    """What one request may name at most. `stops`: these goods have not left, and are stopped first.

    Freight of goods that are stopped is not asked for: it goes back by itself where nothing of the order leaves.
    """

    stops: bool
    lines: tuple[LineLeft, ...]
    shipping: Money
    most: Money


def offers(order: Order, others: Sequence[Refund]) -> tuple[Offer, ...]:
    """At most two: of what has left, and of what has not. A line of which some have left is in the first one alone."""
    of_what_left, before, stopping = claims(order, others)
    left = ceiling(order, of_what_left)
    about = Counter({each.line_id: each.quantity for one in stopping for each in one.lines})
    house = {
        line.line_id: to_come(order, line) - about[line.line_id]
        for line in order.lines
        if order.payment is Payment.PAID
        and left.units[line.line_id] <= 0
        and line.gift_of is None
        and line.line_id not in order.unmatched
    }
    shipping = max(left.shipping, Money(0, left.shipping.currency))
    return (
        *_offer(order, of_what_left, left.units, shipping, stops=False),
        *_offer(order, claims_on_the_rest(order, before, stopping), house, Money(0, shipping.currency), stops=True),
    )


def _offer(
    order: Order, claimed: Sequence[Quote], units: Mapping[str, int], shipping: Money, *, stops: bool
) -> tuple[Offer, ...]:
    asked = tuple(Units(line_id, count) for line_id, count in units.items() if count > 0)
    if not asked and not order.finished and order.fulfilment in STILL_IN_THE_HOUSE:
        return ()
    try:
        found = quote(order, claimed, RefundRequest(asked, shipping=shipping))
    except RefundExceedsCeiling:
        return ()
    lines = tuple(LineLeft(each.line_id, each.quantity, each.cash) for each in found.lines if each.cash.amount_minor)
    return (Offer(stops, lines, shipping, found.amount),)
