"""Goods that come back: the buyer's window, what the warehouse received, and what that makes of the refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.axis import move
from domain.case import Cause, NewCase
from domain.errors import RefundImpossible
from domain.money import Money
from domain.order import Order
from domain.refund import GOODS_MOVES, Decision, Goods, Refund
from domain.refund_goods import part_of
from domain.refund_money import Adjustment, Quote
from domain.stock import Demand
from domain.stopping import parts_of

OUR_FAULT = frozenset({"damaged", "defective", "wrong_item", "not_as_described", "quality"})
NOT_SENT = "the goods were not sent back by {:%Y-%m-%d %H:%M} UTC: what was approved is void, and may be asked for anew"
NOTHING_CAME = "nothing of what was to come back has come"


class FreightBy(StrEnum):
    """Who bears the freight of the way back."""

    BUYER = "buyer"
    MERCHANT = "merchant"


@dataclass(frozen=True)
class ReturnedGoods:
    """What the warehouse found of a line as it was pushed: a bundle's parts are lines of their own."""

    line_id: str
    good: int
    damaged: int = 0


@dataclass(frozen=True)
class CameBack:
    """Whole units of a line of the order; of a bundle with a damaged part the unit is damaged."""

    line_id: str
    good: int
    damaged: int
    missing: int


@dataclass(frozen=True)
class Return:
    """`restocked`: {own sku: units}, the good ones. `assessed_by`: `rule`, or who said what the goods are worth."""

    send_by: datetime
    freight_by: FreightBy
    carrier: str = ""
    waybill_no: str = ""
    sent_at: datetime | None = None
    lines: tuple[CameBack, ...] = ()
    restocked: Mapping[str, int] = field(default_factory=dict)
    received_at: datetime | None = None
    assessed_by: str = ""
    assessment: str = ""


@dataclass(frozen=True)
class Returned:
    """What one fact makes of a return: all of it is written in one transaction."""

    refund: Refund
    back: Return
    restocked: tuple[Demand, ...] = ()
    cases: tuple[NewCase, ...] = ()


def expected(reason: str, now: datetime, window: timedelta) -> Return:
    """The buyer's window begins with the approval."""
    return Return(now + window, FreightBy.MERCHANT if reason in OUR_FAULT else FreightBy.BUYER)


def sent(refund: Refund, back: Return, carrier: str, waybill_no: str, now: datetime) -> Returned:
    """Raises RefundImpossible once nobody awaits them."""
    _must_await(refund)
    under_way = replace(refund, goods=move(GOODS_MOVES, refund.goods, Goods.UNDER_WAY))
    return Returned(under_way, replace(back, carrier=carrier, waybill_no=waybill_no, sent_at=now))


def not_sent(refund: Refund, back: Return) -> Returned:
    """The window has passed: nothing is paid back, and the ceiling is free again."""
    return Returned(_closed(refund, NOT_SENT.format(back.send_by)), back)


def to_come_back(order: Order, refund: Refund) -> tuple[Demand, ...]:
    """What the warehouse is to expect, in own skus."""
    lines = {line.line_id: line for line in order.lines}
    return tuple(
        part.units(each.quantity * part.quantity // lines[each.line_id].quantity)
        for each in refund.quote.lines
        for part in parts_of(order, lines[each.line_id])
    )


def received(order: Order, refund: Refund, back: Return, goods: Iterable[ReturnedGoods], now: datetime) -> Returned:
    """Only good goods are stock again. What is missing is not paid back; what is damaged a person looks at.

    Raises RefundImpossible for more, or other goods, than were to come back, and once nobody awaits them.
    """
    _must_await(refund)
    awaited = {each.line_id: each for each in to_come_back(order, refund)}
    found = {each.line_id: each for each in goods}
    if strange := [each for each in found.values() if _beyond(each, awaited.get(each.line_id))]:
        raise RefundImpossible(f"lines {', '.join(each.line_id for each in strange)}: more came back than was to come")
    stock = tuple(awaited[each.line_id].units(each.good) for each in found.values() if each.good)
    lines = tuple(_units(order, each.line_id, each.quantity, found) for each in refund.quote.lines)
    units = {each.sku: 0 for each in stock}
    for each in stock:
        units[each.sku] += each.quantity
    back = replace(back, lines=lines, restocked=units, received_at=now)
    if not any(each.good + each.damaged for each in lines):
        back = replace(back, restocked={}, assessed_by="rule")
        return Returned(_closed(refund, NOTHING_CAME), back, cases=_parts_alone(refund, found.values()))
    here = replace(refund, goods=move(GOODS_MOVES, refund.goods, Goods.RECEIVED))
    if missing := {each.line_id: each.missing for each in lines if each.missing}:
        here = _worth(here, _without(here.quote, missing))
        back = replace(back, assessed_by="rule", assessment=f"missing: {_told(missing)}")
    return Returned(here, back, stock, _damage(here, lines))


def assessed(refund: Refund, back: Return, deductions: Mapping[str, Money], by: str, reason: str) -> Returned:
    """What a person takes off for damage, by line; another amount needs every signature anew."""
    quote, cash = refund.quote, {each.line_id: each.cash for each in refund.quote.lines}
    for line_id, amount in deductions.items():
        if line_id not in cash or not 0 < amount.amount_minor <= cash[line_id].amount_minor:
            raise RefundImpossible(f"line {line_id}: take off more than nothing, and at most what goes back for it")
    off = tuple(Adjustment(-amount, line_id) for line_id, amount in deductions.items())
    if off:
        quote = replace(quote, adjustments=(*quote.adjustments, *off))
    after = replace(back, assessed_by=by, assessment=reason)
    if not quote.amount.amount_minor:
        return Returned(_closed(refund, f"nothing goes back: {reason}"), after)
    return Returned(_worth(refund, quote), after)


def _must_await(refund: Refund) -> None:
    if refund.ended:
        raise RefundImpossible(f"no goods are awaited: the refund is {refund.stage}")


def _beyond(found: ReturnedGoods, awaited: Demand | None) -> bool:
    return awaited is None or min(found.good, found.damaged) < 0 or found.good + found.damaged > awaited.quantity


def _units(order: Order, line_id: str, asked: int, found: Mapping[str, ReturnedGoods]) -> CameBack:
    line = next(each for each in order.lines if each.line_id == line_id)
    nothing = ReturnedGoods(line_id, 0)
    parts = [(found.get(each.line_id, nothing), each.quantity // line.quantity) for each in parts_of(order, line)]
    came = min((part.good + part.damaged) // of_one for part, of_one in parts)
    good = min(part.good // of_one for part, of_one in parts)
    return CameBack(line_id, good, came - good, asked - came)


def _without(quote: Quote, missing: Mapping[str, int]) -> Quote:
    lines = tuple(part_of(each, each.quantity - missing.get(each.line_id, 0)) for each in quote.lines)
    return replace(quote, lines=tuple(each for each in lines if each.quantity))


def _worth(refund: Refund, quote: Quote) -> Refund:
    """Another amount is another version: what was signed for is void."""
    if quote.amount == refund.amount:
        return refund
    return replace(refund, quote=quote, version=refund.version + 1, decision=Decision.PENDING, approved=None)


def _parts_alone(refund: Refund, found: Iterable[ReturnedGoods]) -> tuple[NewCase, ...]:
    """Nothing whole came back, so nothing is paid: the parts that did stay the buyer's, and are no stock of ours."""
    here = {each.line_id: each.good + each.damaged for each in found if each.good + each.damaged}
    if not here:
        return ()
    detail = f"nothing whole came back for {refund.refund_id}: {_told(here)} are the buyer's"
    return (NewCase(Cause.UNEXPECTED_RETURN, refund.refund_id, detail),)


def _damage(refund: Refund, lines: Iterable[CameBack]) -> tuple[NewCase, ...]:
    damaged = {each.line_id: each.damaged for each in lines if each.damaged}
    if not damaged:
        return ()
    return (NewCase(Cause.RETURN_DAMAGED, refund.refund_id, f"damaged: {_told(damaged)}; {refund.amount} to go back"),)


def _closed(refund: Refund, why: str) -> Refund:
    return replace(refund, goods=move(GOODS_MOVES, refund.goods, Goods.NOT_BACK), refusal=why)


def _told(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of line {line_id}" for line_id, count in units.items())
