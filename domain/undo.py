"""Undoing in bulk what another system did wrongly: trades that charged a buyer for what he had paid.

Found, looked at, released by a second person, then given back one after the other by the orders themselves.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.axis import Fulfilment
from domain.brake import Said
from domain.errors import InvalidReference, UndoRefused
from domain.money import Money
from domain.order import Order
from domain.payment import Capture, surplus
from domain.people import Staff
from domain.reference import OrderId, TradeReference

MOST_TRADES = 5000  # in one plan


class Verdict(StrEnum):
    """What a trade is to us."""

    CHARGED_TWICE = "charged_twice"  # another trade pays that part, or there is no such part
    PAID_AFTER_END = "paid_after_end"  # its order was stopped
    KNOWN = "known"  # the record has it, and sees to it
    NOT_TOO_MUCH = "not_too_much"  # its order waits for money: a payment, or a person's question
    ORDER_UNKNOWN = "order_unknown"
    OTHER_CURRENCY = "other_currency"


WRONG = (Verdict.CHARGED_TWICE, Verdict.PAID_AFTER_END)
"""What can be undone; everything else is left out, and the reason stands beside it."""
_WHY = {
    Verdict.CHARGED_TWICE: "another trade pays for this: it goes back",
    Verdict.PAID_AFTER_END: "its order was stopped: it goes back",
    Verdict.KNOWN: "the record has this trade, and gives back what is too much",
    Verdict.NOT_TOO_MUCH: "its order waits for money: whether this pays is asked by the order itself",
    Verdict.ORDER_UNKNOWN: "nobody placed this order here: place it first, or give the money back at the provider",
    Verdict.OTHER_CURRENCY: "its order is in another currency: give the money back at the provider",
}


@dataclass(frozen=True)
class Trade:
    """As another system, or a provider's bill, tells of it. Its own number names the order and the part."""

    provider: str
    account: str
    trade_no: str
    out_trade_no: str
    amount: Money
    paid_at: datetime

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.provider, self.account, self.trade_no)

    @property
    def reference(self) -> TradeReference | None:
        """None for a number that no order of an own shop has."""
        try:
            return TradeReference.parse(self.out_trade_no)
        except InvalidReference:
            return None

    @property
    def order_id(self) -> OrderId | None:
        return self.reference.order_id if self.reference else None

    @property
    def capture(self) -> Capture:
        part = self.reference.part if self.reference else 1
        return Capture(self.provider, self.account, self.trade_no, part, self.amount, self.paid_at)


@dataclass(frozen=True)
class Found:
    """A trade and what it is to us."""

    trade: Trade
    verdict: Verdict

    @property
    def is_wrong(self) -> bool:
        return self.verdict in WRONG

    @property
    def why(self) -> str:
        return _WHY[self.verdict]


@dataclass(frozen=True)
class Plan:
    """What would be undone. `version` names exactly these trades and amounts: who releases it has seen them."""

    id: str
    found: Said
    trades: int
    totals: tuple[Money, ...]
    version: str
    released: Said | None = None
    cancelled: Said | None = None

    @property
    def moves(self) -> bool:
        return self.released is not None and self.cancelled is None


def judged(trade: Trade, order: Order | None) -> Found:
    """`order`: the one that the trade's number names, as the record knows it."""
    return Found(trade, _verdict(trade, order))


def _verdict(trade: Trade, order: Order | None) -> Verdict:
    if order is None:
        return Verdict.ORDER_UNKNOWN
    if trade.key in {each.key for each in order.captures}:
        return Verdict.KNOWN
    if trade.amount.currency != order.shipping.currency:
        return Verdict.OTHER_CURRENCY
    if order.fulfilment is Fulfilment.STOPPED:
        return Verdict.PAID_AFTER_END
    too_much = surplus(order.plan, (*order.captures, trade.capture))
    return Verdict.CHARGED_TWICE if trade.capture in too_much else Verdict.NOT_TOO_MUCH


def planned(plan_id: str, found: Sequence[Found], said: Said) -> Plan:
    """Raises UndoRefused where nobody says why, where there is too much, and where a trade is named twice."""
    _must_say_why(said)
    if not found or len(found) > MOST_TRADES:
        raise UndoRefused(f"name 1 to {MOST_TRADES} trades: there are {len(found)}")
    twice = [each for each, count in Counter(one.trade.key for one in found).items() if count > 1]
    if twice:
        raise UndoRefused(f"{'/'.join(twice[0])} is named twice")
    wrong = [each.trade for each in found if each.is_wrong]
    return Plan(plan_id, said, len(wrong), _totals(wrong), _version(wrong))


def released(plan: Plan, said: Said, version: str, staff: Staff) -> Plan:
    """By a second person, who may decide on all of it. The same release again changes nothing. Raises UndoRefused."""
    _must_say_why(said)
    if plan.cancelled is not None:
        raise UndoRefused(f"{plan.cancelled.by} cancelled it: find what is left once more")
    if version != plan.version:
        raise UndoRefused(f"you saw version {version}, it is {plan.version}: look at it again")
    if plan.released is not None:
        if plan.released.by == said.by:
            return plan
        raise UndoRefused(f"{plan.released.by} has released it")
    if not plan.trades:
        raise UndoRefused("there is nothing to undo")
    if plan.found.by == said.by:
        raise UndoRefused(f"{said.by} found it: it takes a second person to release it")
    for each in plan.totals:
        if not staff.may_decide(said.by, each):
            raise UndoRefused(f"{said.by} may not decide on {each}, which is what it comes to")
    return replace(plan, released=said)


def cancelled(plan: Plan, said: Said) -> Plan:
    """What was told to an order goes on; nothing more is told. Again changes nothing. Raises UndoRefused."""
    _must_say_why(said)
    return plan if plan.cancelled else replace(plan, cancelled=said)


def _must_say_why(said: Said) -> None:
    if not said.reason.strip():
        raise UndoRefused("say why")


def _totals(trades: Iterable[Trade]) -> tuple[Money, ...]:
    """One for each currency."""
    sums: Counter[str] = Counter()
    for each in trades:
        sums[each.amount.currency] += each.amount.amount_minor
    return tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))


def _version(trades: Iterable[Trade]) -> str:
    lines = sorted(f"{'/'.join(each.key)} {each.amount}" for each in trades)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
