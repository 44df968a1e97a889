"""What a marketplace says of its after-sale, and what that makes of our refund.

Whoever decided first, the money moves once, at the platform: our leg follows it. A leg that nobody here asked for is
never asked for afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain import refund as refunds
from domain.after_sale import AfterSale, SaleState
from domain.case import Cause, NewCase
from domain.errors import RefundImpossible
from domain.order import Order
from domain.refund import Decision, Refund
from domain.refund_leg import TO_BE_ASKED, WITH_A_PERSON, RefundOutcome, Told
from domain.repayment import RefundChange, leg_answered, leg_asked, leg_given_up, planned_there


def must_be_as_asked(refund: Refund, sale: AfterSale | None) -> None:
    """Raises RefundImpossible where people here would decide on something else than the platform."""
    if sale is not None and sale.amount != refund.amount:
        raise RefundImpossible(f"the platform asks {sale.amount} back, its lines come to {refund.amount}")


def heard(refund: Refund, told: AfterSale, order: Order, others: Iterable[Refund], now: datetime) -> RefundChange:
    """Raises RefundImpossible or ImpossibleMove for what contradicts the record: a person looks at it."""
    if told.state in (SaleState.AGREED, SaleState.SUCCEEDED):
        return _paid_there(refund, told, order, others, now)
    if told.state is SaleState.CLOSED:
        return RefundChange(_closed_there(refund, now))
    if told.state is SaleState.REFUSED and refund.decision is Decision.PENDING:
        return RefundChange(refunds.decided(refund, Decision.REFUSED))
    return RefundChange(refund, cases=changed(refund, told))


def changed(refund: Refund, told: AfterSale) -> tuple[NewCase, ...]:
    """People decide on one amount: of another one the platform takes no answer of ours."""
    if told.amount == refund.amount or refund.ended:
        return ()
    detail = f"after-sale {told.number} is of {told.amount} now, the refund is of {refund.amount}"
    return (NewCase(Cause.AFTER_SALE_CHANGED, told.number, detail),)


def _paid_there(refund: Refund, told: AfterSale, order: Order, others: Iterable[Refund], now: datetime) -> RefundChange:
    if refund.decision is not Decision.APPROVED:
        refund = refunds.decided_there(refund)
    if not refund.legs:
        refund = planned_there(refund, order, others)
    if refund.legs[0].state in TO_BE_ASKED:
        refund = leg_asked(refund, 1)
    change = leg_answered(refund, 1, Told(RefundOutcome.PROCESSING), now)
    if told.state is SaleState.SUCCEEDED:
        done = Told(RefundOutcome.DONE, told.reference, told.amount, told.done_at)
        change = leg_answered(change.refund, 1, done, now)
    return change


def _closed_there(refund: Refund, now: datetime) -> Refund:
    if not refund.legs:
        return refund if refund.decision is Decision.REFUSED else refunds.decided(refund, Decision.WITHDRAWN)
    if refund.legs[0].state in TO_BE_ASKED:
        refund = leg_asked(refund, 1)
    refund = leg_answered(refund, 1, Told(RefundOutcome.REFUSED, code="closed"), now).refund
    return leg_given_up(refund, 1) if refund.legs[0].state in WITH_A_PERSON else refund
