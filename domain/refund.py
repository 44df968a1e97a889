"""A refund: what was asked, what was decided. Which money moves is in repayment.py.

Two axes, each a table of allowed moves, and neither goes back: what people decided, and how far the money is. An
approval is bound to one amount and one version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.approval import Approval, Status
from domain.axis import NOT_PUSHED, Fulfilment, move
from domain.errors import RefundExceedsCeiling, RefundImpossible
from domain.money import Money, total
from domain.order import Order
from domain.reference import OrderId
from domain.refund_leg import Leg, LegState
from domain.refund_money import Adjustment, Quote, RefundRequest, quote
from domain.withheld import withheld


class Kind(StrEnum):
    REFUND_ONLY = "refund_only"
    RETURN = "return"


class Basis(StrEnum):
    """Where the money comes from."""

    SALE = "sale"  # what the buyer paid for goods, freight, or goodwill out of it
    DUE = "due"  # what is due back already: the order ended early, or a part of it will not come


class Decision(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Repayment(StrEnum):
    NOT_BEGUN = "not_begun"
    UNDER_WAY = "under_way"
    PARTLY_BACK = "partly_back"
    BACK = "back"
    NOT_BACK = "not_back"  # the provider refused, and a person closed it


class RefundStage(StrEnum):
    """The one status people see, derived from the axes."""

    AWAITING_APPROVAL = "awaiting_approval"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    PAYING_BACK = "paying_back"
    PARTLY_PAID_BACK = "partly_paid_back"
    PAID_BACK = "paid_back"
    NOT_PAID_BACK = "not_paid_back"


DECISION_MOVES = {
    Decision.PENDING: frozenset({Decision.APPROVED, Decision.REFUSED, Decision.WITHDRAWN}),
    Decision.APPROVED: frozenset({Decision.WITHDRAWN}),  # until the first leg is committed
    Decision.REFUSED: frozenset[Decision](),
    Decision.WITHDRAWN: frozenset[Decision](),
}
REPAYMENT_MOVES = {
    Repayment.NOT_BEGUN: frozenset({Repayment.UNDER_WAY}),
    Repayment.UNDER_WAY: frozenset({Repayment.PARTLY_BACK, Repayment.BACK, Repayment.NOT_BACK}),
    Repayment.PARTLY_BACK: frozenset({Repayment.BACK}),
    Repayment.BACK: frozenset[Repayment](),
    Repayment.NOT_BACK: frozenset[Repayment](),
}
_DECIDED = {
    Decision.PENDING: RefundStage.AWAITING_APPROVAL,
    Decision.REFUSED: RefundStage.REFUSED,
    Decision.WITHDRAWN: RefundStage.WITHDRAWN,
}
_REPAID = {
    Repayment.NOT_BEGUN: RefundStage.APPROVED,
    Repayment.UNDER_WAY: RefundStage.PAYING_BACK,
    Repayment.PARTLY_BACK: RefundStage.PARTLY_PAID_BACK,
    Repayment.BACK: RefundStage.PAID_BACK,
    Repayment.NOT_BACK: RefundStage.NOT_PAID_BACK,
}
NO_REQUEST = RefundRequest()
_BY_STATUS = {
    Status.APPROVED: Decision.APPROVED,
    Status.REFUSED: Decision.REFUSED,
    Status.WITHDRAWN: Decision.WITHDRAWN,
}
STILL_IN_THE_HOUSE = (*NOT_PUSHED, Fulfilment.PUSHED)


@dataclass(frozen=True)
class Asking:
    """What somebody wants; `request` says nothing where the money is due already: then all of it goes back."""

    refund_id: str
    order_id: OrderId
    applicant: str
    kind: Kind = Kind.REFUND_ONLY
    basis: Basis = Basis.SALE
    request: RefundRequest = NO_REQUEST


@dataclass(frozen=True)
class Refund:
    """`approved`: the amount and the version that the signatures are for. `refusal`: why it was refused at once."""

    refund_id: str
    order_id: OrderId
    applicant: str
    kind: Kind
    basis: Basis
    quote: Quote
    version: int = 1
    decision: Decision = Decision.PENDING
    approved: tuple[Money, int] | None = None
    repayment: Repayment = Repayment.NOT_BEGUN
    legs: tuple[Leg, ...] = ()
    refusal: str = ""

    @property
    def amount(self) -> Money:
        return self.quote.amount

    @property
    def stage(self) -> RefundStage:
        return _DECIDED.get(self.decision) or _REPAID[self.repayment]

    @property
    def ended(self) -> bool:
        if self.decision in (Decision.REFUSED, Decision.WITHDRAWN):
            return True
        return bool(self.legs) and all(leg.ended for leg in self.legs)

    @property
    def paid_back(self) -> Money:
        done = (leg.amount for leg in self.legs if leg.state is LegState.DONE)
        return total(done, self.quote.shipping.currency)

    @property
    def counted(self) -> Quote | None:
        """What of it counts against the ceilings: all of it while it runs, what moved once it has ended."""
        if not self.ended or self.repayment is Repayment.BACK:
            return self.quote
        return _plain(self.paid_back) if self.paid_back.amount_minor else None


def opened(order: Order, others: Sequence[Refund], due_back: Money, asking: Asking) -> Refund:
    """A new refund of what can still go back; `due_back`: what is due to the buyer and has not gone.

    Raises RefundExceedsCeiling with the exact maximum, RefundImpossible for what cannot be, as things stand.
    """
    if asking.kind is not Kind.REFUND_ONLY:
        raise RefundImpossible("goods that come back are not handled here yet: agree with the buyer on a refund only")
    if asking.basis is Basis.DUE:
        found = _all_that_is_due(others, due_back, asking.request)
    else:
        if not order.finished and order.fulfilment in STILL_IN_THE_HOUSE:
            raise RefundImpossible("the goods have not left: cancel the order; what was paid is then due back")
        before = [each.counted for each in others if each.basis is Basis.SALE]
        found = quote(order, [withheld(order), *(each for each in before if each)], asking.request)
    return Refund(asking.refund_id, order.id, asking.applicant, asking.kind, asking.basis, found)


def _all_that_is_due(others: Sequence[Refund], due_back: Money, asked: RefundRequest) -> Quote:
    if asked != NO_REQUEST:
        raise RefundImpossible("what is due back goes back as a whole: name neither lines nor amounts")
    claimed = (each.amount - each.paid_back for each in others if each.basis is Basis.DUE and not each.ended)
    left = due_back - total(claimed, due_back.currency)
    if left.amount_minor <= 0:
        raise RefundExceedsCeiling(f"nothing to pay back: {left} is due and not on its way")
    return _plain(left)


def _plain(amount: Money) -> Quote:
    """An amount without goods."""
    return Quote((), (Adjustment(amount),), Money(0, amount.currency))


def refused_at_once(asking: Asking, currency: str, why: str) -> Refund:
    """Kept, so that the same question gets the same answer; it counts against nothing."""
    nothing = Quote((), (), Money(0, currency))
    refund = Refund(asking.refund_id, asking.order_id, asking.applicant, asking.kind, asking.basis, nothing)
    return replace(refund, decision=Decision.REFUSED, refusal=why)


def decided(refund: Refund, decision: Decision) -> Refund:
    """What the signatures, or the applicant, came to. An approval is for this amount and this version."""
    if decision is Decision.WITHDRAWN and refund.legs:
        raise RefundImpossible("its money is on its way: it cannot be withdrawn any more")
    if decision is refund.decision:
        return refund
    approved = (refund.amount, refund.version) if decision is Decision.APPROVED else refund.approved
    return replace(refund, decision=move(DECISION_MOVES, refund.decision, decision), approved=approved)


def approval_moved(refund: Refund, approval: Approval) -> Refund:
    """The refund follows its approval: another version voids what was signed, and the end of it decides.

    Raises RefundImpossible for an approval of another amount.
    """
    if approval.amount != refund.amount:
        raise RefundImpossible(f"the refund is of {refund.amount}, the approval is for {approval.amount}")
    refund = replace(refund, version=approval.version)
    decision = _BY_STATUS.get(approval.status)
    return refund if decision is None else decided(refund, decision)
