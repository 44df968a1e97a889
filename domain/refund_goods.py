"""What the warehouse's answer makes of a refund whose goods had not left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.axis import Fulfilment, move
from domain.case import Cause, NewCase
from domain.money import Money
from domain.order import Order
from domain.refund import GOODS_MOVES, Basis, Decision, Goods, Kind, Refund, decided
from domain.refund_money import Adjustment, LineBack, Quote, Share

ENDED = "the order has ended meanwhile: what was paid for goods that did not leave is due back (basis due)"


@dataclass(frozen=True)
class StopAnswer:
    """`units` by line will not leave; `due` is what is owed to the buyer since."""

    due: Money
    units: Mapping[str, int] = field(default_factory=dict)


def goods_answered(refund: Refund, answer: StopAnswer, order: Order) -> Refund:
    """Goods that were stopped leave money that is due, to the fen. Too late: they have to come back first."""
    if refund.goods is not Goods.TO_STOP or refund.decision is not Decision.PENDING:
        return refund
    if not answer.due.amount_minor:
        if order.fulfilment is Fulfilment.STOPPED:
            return replace(decided(refund, Decision.REFUSED), refusal=ENDED)
        expected = move(GOODS_MOVES, refund.goods, Goods.EXPECTED)
        return replace(refund, kind=Kind.RETURN, goods=expected)
    stopped = move(GOODS_MOVES, refund.goods, Goods.STOPPED)
    return replace(refund, basis=Basis.DUE, goods=stopped, quote=_of(refund.quote, answer, order))


def left_over(refund: Refund) -> tuple[NewCase, ...]:
    """What a no to the refund leaves to a person: the money of stopped goods, the goods that have come back."""
    if refund.decision not in (Decision.REFUSED, Decision.WITHDRAWN):
        return ()
    if refund.goods is Goods.STOPPED:  # they do not leave any more: their money is the buyer's all the same
        detail = f"{refund.amount} is due back to the buyer: the goods were stopped, the refund is {refund.decision}"
        return (NewCase(Cause.REFUND_DUE, refund.refund_id, detail),)
    if refund.goods is Goods.RECEIVED:
        detail = f"goods came back for {refund.refund_id}, which is {refund.decision}: they are the buyer's"
        return (NewCase(Cause.UNEXPECTED_RETURN, refund.refund_id, detail),)
    return ()


def _of(asked: Quote, answer: StopAnswer, order: Order) -> Quote:
    """The lines that did not leave; freight where nothing did; the rest of what is due is no goods'."""
    lines = tuple(part_of(each, answer.units[each.line_id]) for each in asked.lines if each.line_id in answer.units)
    freight = order.shipping if order.fulfilment is Fulfilment.STOPPED else Money(0, order.shipping.currency)
    found = Quote(lines, (), min(freight, answer.due))
    rest = answer.due - found.amount
    return replace(found, adjustments=(Adjustment(rest),)) if rest.amount_minor else found


def part_of(line: LineBack, units: int) -> LineBack:
    """So many of its units, with their share of its money."""

    def share(of: Money) -> Money:
        return of.allocate([units, line.quantity - units])[0]

    parts = line.share
    rest = Share(share(parts.merchant_discount), share(parts.platform_subsidy), share(parts.cash))
    return LineBack(line.line_id, units, rest, share(line.cash))
