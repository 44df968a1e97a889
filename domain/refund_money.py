"""The money of refunds: what one unit of a line carries, what can still go back, and by which payments it goes.

A line's money is split over its units once, by the order itself, so any sequence of partial refunds gives back exactly
what the buyer paid. Every refund that is not refused or withdrawn counts against the ceilings, whether its money has
moved, is on its way, or is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.errors import RefundExceedsCeiling
from domain.line import Line
from domain.money import Money, total
from domain.order import Order
from domain.payment import Capture


@dataclass(frozen=True)
class Share:
    """What some units of a line carry. list price = merchant discount + platform subsidy + the buyer's cash."""

    merchant_discount: Money
    platform_subsidy: Money
    cash: Money

    @property
    def list_price(self) -> Money:
        return self.merchant_discount + self.platform_subsidy + self.cash

    def __add__(self, other: Share) -> Share:
        return Share(
            self.merchant_discount + other.merchant_discount,
            self.platform_subsidy + other.platform_subsidy,
            self.cash + other.cash,
        )


@dataclass(frozen=True)
class Units:
    """Units of one line that are paid back."""

    line_id: str
    quantity: int


@dataclass(frozen=True)
class Adjustment:
    """Money back without goods: a price difference of one line, or goodwill for the whole order (no line)."""

    amount: Money
    line_id: str | None = None


@dataclass(frozen=True)
class RefundRequest:
    """What somebody wants back. Units are asked for by number; what they come to is told by the order."""

    units: tuple[Units, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    shipping: Money | None = None


@dataclass(frozen=True)
class LineBack:
    """`cash` is what the buyer gets; not the share's where the line, or the order, had money back before."""

    line_id: str
    quantity: int
    share: Share
    cash: Money


@dataclass(frozen=True)
class Quote:
    """What a request comes to; `amount` is what the buyer really gets."""

    lines: tuple[LineBack, ...]
    adjustments: tuple[Adjustment, ...]
    shipping: Money

    @property
    def amount(self) -> Money:
        parts = [*(line.cash for line in self.lines), *(each.amount for each in self.adjustments)]
        return total(parts, self.shipping.currency) + self.shipping


@dataclass(frozen=True)
class Ceiling:
    """What can still go back: for the whole order, per line in units and cash, and for shipping."""

    order: Money
    units: dict[str, int]
    cash: dict[str, Money]
    shipping: Money


@dataclass(frozen=True)
class LegPlan:
    """One movement of money: part of a refund, by the route of one payment."""

    payment: tuple[str, str, str]
    amount: Money


def unit_shares(line: Line) -> tuple[Share, ...]:
    """What each unit carries, in the order in which units go back.

    What does not divide is given out one minor unit each, around the circle of units: discount, subsidy and cash one
    after the other. So every unit's parts sum to its list price, none is below zero, and all units sum to the line.
    """
    amounts = (line.merchant_discount, line.platform_subsidy, line.cash)
    columns, start = [], 0
    for amount in amounts:
        whole, left = divmod(amount.amount_minor, line.quantity)
        extra = {(start + step) % line.quantity for step in range(left)}
        columns.append([Money(whole + (unit in extra), amount.currency) for unit in range(line.quantity)])
        start += left
    return tuple(Share(*parts) for parts in zip(*columns, strict=True))


def ceiling(order: Order, before: Sequence[Quote]) -> Ceiling:
    """`before`: all refunds of this order that count, in the order in which they were opened."""
    units, cash = _given_by_line(order, before)
    paid = total((each.amount for each in order.captures if each.matched), order.shipping.currency)
    given = total((each.amount for each in before), paid.currency)
    shipping = total((each.shipping for each in before), paid.currency)
    return Ceiling(
        order=paid - given,
        units={line.line_id: line.quantity - units[line.line_id] for line in order.lines},
        cash={line.line_id: line.cash - cash[line.line_id] for line in order.lines},
        shipping=min(order.shipping - shipping, paid - given),
    )


def _given_by_line(order: Order, before: Iterable[Quote]) -> tuple[Counter[str], dict[str, Money]]:
    units: Counter[str] = Counter()
    cash = {line.line_id: Money(0, order.shipping.currency) for line in order.lines}
    for refund in before:
        for back in refund.lines:
            units[back.line_id] += back.quantity
            cash[back.line_id] += back.cash
        for adjustment in refund.adjustments:
            if adjustment.line_id is not None:
                cash[adjustment.line_id] += adjustment.amount
    return units, cash


def quote(order: Order, before: Sequence[Quote], asked: RefundRequest) -> Quote:
    """What the request comes to. Raises RefundExceedsCeiling with the exact maximum that is left."""
    left = ceiling(order, before)
    shipping = asked.shipping or Money(0, order.shipping.currency)
    _check_shape(asked, order, shipping)
    lines = tuple(_line_back(order, left, each) for each in asked.units)
    if shipping > left.shipping:
        raise RefundExceedsCeiling(f"shipping: at most {left.shipping} can still go back")
    for adjustment in asked.adjustments:
        _check_adjustment(adjustment, lines, left)
    return _within_order(Quote(lines, asked.adjustments, shipping), left.order)


def _check_shape(asked: RefundRequest, order: Order, shipping: Money) -> None:
    known = {line.line_id for line in order.lines}
    named = [each.line_id for each in asked.units]
    adjusted = [each.line_id for each in asked.adjustments]
    if len(set(named)) != len(named) or len(set(adjusted)) != len(adjusted):
        raise RefundExceedsCeiling("name each line once")
    if strange := sorted({each for each in (*named, *adjusted) if each is not None} - known):
        raise RefundExceedsCeiling(f"the order has no line {', '.join(strange)}")
    amounts = [shipping, *(each.amount for each in asked.adjustments)]
    if any(each.currency != order.shipping.currency for each in amounts):
        raise RefundExceedsCeiling(f"the order was paid in {order.shipping.currency}")
    if any(each.amount_minor < 0 for each in amounts) or any(each.quantity < 1 for each in asked.units):
        raise RefundExceedsCeiling("quantities start at 1, amounts at 0")


def _line_back(order: Order, left: Ceiling, asked: Units) -> LineBack:
    line = next(each for each in order.lines if each.line_id == asked.line_id)
    there = left.units[line.line_id]
    if asked.quantity > there:
        raise RefundExceedsCeiling(f"line {line.line_id}: at most {there} can still go back, {left.cash[line.line_id]}")
    first = line.quantity - there
    shares = unit_shares(line)[first : first + asked.quantity]
    share = shares[0]
    for each in shares[1:]:
        share += each
    rest = left.cash[line.line_id]  # the last units take all of it: what was dropped before was rounded as a whole
    return LineBack(line.line_id, asked.quantity, share, rest if asked.quantity == there else min(share.cash, rest))


def _check_adjustment(adjustment: Adjustment, lines: Sequence[LineBack], left: Ceiling) -> None:
    if adjustment.line_id is None:
        return  # the order's ceiling rules
    taken = next((each.cash for each in lines if each.line_id == adjustment.line_id), None)
    there = left.cash[adjustment.line_id]
    there = there - taken if taken else there
    if adjustment.amount > there:
        raise RefundExceedsCeiling(f"line {adjustment.line_id}: at most {there} can still go back")


def _within_order(found: Quote, left: Money) -> Quote:
    """What was named as an amount must fit; units give what is left when goodwill was given before."""
    named = found.amount - total((each.cash for each in found.lines), left.currency)
    if named > left:
        raise RefundExceedsCeiling(f"at most {left} can still go back for this order")
    room, lines = left - named, []
    for each in found.lines:
        lines.append(replace(each, cash=min(each.cash, room)))
        room -= lines[-1].cash
    if not (found := replace(found, lines=tuple(lines))).amount.amount_minor:
        raise RefundExceedsCeiling(f"nothing to pay back: {left} can still go back for this order")
    return found


def plan_legs(captures: Iterable[Capture], before: Iterable[LegPlan], amount: Money) -> tuple[LegPlan, ...]:
    """By which payments `amount` goes back: the newest first, none more than it brought. `before`: legs that count.

    Raises RefundExceedsCeiling when the payments do not carry it.
    """
    gone: Counter[tuple[str, str, str]] = Counter()
    for leg in before:
        gone[leg.payment] += leg.amount.amount_minor
    legs, open_minor = [], amount.amount_minor
    for capture in sorted((each for each in captures if each.matched), key=lambda each: (-each.part, each.key)):
        part = min(open_minor, capture.amount.amount_minor - gone[capture.key])
        if part > 0:
            legs.append(LegPlan(capture.key, Money(part, amount.currency)))
            open_minor -= part
    if open_minor:
        raise RefundExceedsCeiling(f"the payments carry {amount - Money(open_minor, amount.currency)} of {amount}")
    return tuple(legs)
