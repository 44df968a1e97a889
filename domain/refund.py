"""A refund: what was asked, what was decided. Which money moves is in repayment.py.

Two axes, each a table of allowed moves, and neither goes back: what people decided, and how far the money is. An
approval is bound to one amount and one version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.approval import Approval, Status
from domain.axis import move
from domain.errors import RefundExceedsCeiling, RefundImpossible
from domain.goods_asked import must_be_stopped
from domain.money import Money, total
from domain.order import Order
from domain.people import BY_ITSELF
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


class Goods(StrEnum):
    """What becomes of the goods that the money was paid for."""

    KEPT = "kept"  # nothing: the buyer keeps them, or there are none
    TO_STOP = "to_stop"  # they have not left, and are not to
    STOPPED = "stopped"  # the warehouse, or the record before the push, let go of them
    EXPECTED = "expected"  # they are to come back
    UNDER_WAY = "under_way"  # the buyer has sent them
    RECEIVED = "received"  # the warehouse has looked at them
    NOT_BACK = "not_back"  # they did not come, or are worth nothing: no money goes back


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

    STOPPING_GOODS = "stopping_goods"
    AWAITING_APPROVAL = "awaiting_approval"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    AWAITING_RETURN = "awaiting_return"
    RETURN_UNDER_WAY = "return_under_way"
    RETURN_RECEIVED = "return_received"
    RETURN_CLOSED = "return_closed"
    PAYING_BACK = "paying_back"
    PARTLY_PAID_BACK = "partly_paid_back"
    PAID_BACK = "paid_back"
    NOT_PAID_BACK = "not_paid_back"


GOODS_MOVES = {
    Goods.KEPT: frozenset[Goods](),
    Goods.TO_STOP: frozenset({Goods.STOPPED, Goods.EXPECTED}),  # too late: they have to come back
    Goods.STOPPED: frozenset[Goods](),
    Goods.EXPECTED: frozenset({Goods.UNDER_WAY, Goods.RECEIVED, Goods.NOT_BACK}),
    Goods.UNDER_WAY: frozenset({Goods.RECEIVED, Goods.NOT_BACK}),
    Goods.RECEIVED: frozenset({Goods.NOT_BACK}),
    Goods.NOT_BACK: frozenset[Goods](),
}
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
_COMING_BACK = {
    Goods.EXPECTED: RefundStage.AWAITING_RETURN,
    Goods.UNDER_WAY: RefundStage.RETURN_UNDER_WAY,
    Goods.RECEIVED: RefundStage.RETURN_RECEIVED,
}
NO_REQUEST = RefundRequest()
_BY_STATUS = {
    Status.APPROVED: Decision.APPROVED,
    Status.REFUSED: Decision.REFUSED,
    Status.WITHDRAWN: Decision.WITHDRAWN,
}


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
    goods: Goods = Goods.KEPT

    @property
    def amount(self) -> Money:
        return self.quote.amount

    @property
    def stage(self) -> RefundStage:
        if self.goods is Goods.NOT_BACK:
            return RefundStage.RETURN_CLOSED
        if self.decision is Decision.PENDING and self.goods is Goods.TO_STOP:
            return RefundStage.STOPPING_GOODS
        if self.decision is Decision.APPROVED and not self.legs and self.goods in _COMING_BACK:
            return _COMING_BACK[self.goods]
        if self.legs and all(leg.held and leg.state is LegState.PLANNED for leg in self.legs):
            return RefundStage.APPROVED  # a thing of ours keeps all of it: nothing is on its way
        return _DECIDED.get(self.decision) or _REPAID[self.repayment]

    @property
    def for_people(self) -> bool:
        """Whether people decide on its amount; what is due already is no gift of theirs."""
        return self.basis is Basis.SALE or self.goods is not Goods.KEPT

    @property
    def ended(self) -> bool:
        if self.decision in (Decision.REFUSED, Decision.WITHDRAWN) or self.goods is Goods.NOT_BACK:
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
    if asking.kind is Kind.RETURN and (asking.basis is Basis.DUE or not asking.request.units):
        raise RefundImpossible("name the units that are to come back")
    if asking.basis is Basis.DUE:
        found = _all_that_is_due(others, due_back, asking.request)
    else:
        return _of_the_sale(order, others, asking)
    return Refund(asking.refund_id, order.id, asking.applicant, asking.kind, asking.basis, found)


def _of_the_sale(order: Order, others: Sequence[Refund], asking: Asking) -> Refund:
    """What has left can go back at once; what has not is stopped first, and a part of neither."""
    of_what_left, before, stopping = claims(order, others)
    goods = Goods.EXPECTED if asking.kind is Kind.RETURN else Goods.KEPT
    if must_be_stopped(order, of_what_left, stopping, asking.request):
        if asking.kind is Kind.RETURN:
            raise RefundImpossible("the goods have not left: ask for a refund only, then they are stopped first")
        goods = Goods.TO_STOP
        of_what_left = claims_on_the_rest(order, before, stopping)
    found = quote(order, of_what_left, asking.request)
    return Refund(asking.refund_id, order.id, asking.applicant, asking.kind, asking.basis, found, goods=goods)


def claims(order: Order, others: Sequence[Refund]) -> tuple[list[Quote], list[Quote], list[Quote]]:
    """What counts against a request of what has left; and of it the refunds that are no stop, and those that are."""
    before: list[Quote] = []
    stopping: list[Quote] = []
    for counted, goods in ((each.counted, each.goods) for each in others if each.basis is Basis.SALE):
        if counted is not None:
            (stopping if goods is Goods.TO_STOP else before).append(counted)
    freight = [replace(each, lines=()) for each in stopping]  # what is to come is withheld as a whole
    return [withheld(order), *before, *freight], before, stopping


def claims_on_the_rest(order: Order, before: Sequence[Quote], stopping: Sequence[Quote]) -> list[Quote]:
    """What counts against a request of what has not left."""
    return [withheld(order, to_come=False), *before, *stopping]


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


def decided_there(refund: Refund) -> Refund:
    """The platform decided, or its clock did, also against our own no: the one way out of a refusal."""
    return replace(refund, decision=Decision.APPROVED, approved=(refund.amount, refund.version))


def approved_by_policy(refund: Refund) -> Refund:
    """Raises RefundImpossible for what somebody asked for: that needs signatures."""
    if refund.basis is not Basis.DUE or refund.applicant != BY_ITSELF:
        raise RefundImpossible("only what is due back, and nobody asked for, goes back without a signature")
    return decided(refund, Decision.APPROVED)


def approval_moved(refund: Refund, approval: Approval) -> Refund:
    """The refund follows its approval: another version voids what was signed, and the end of it decides.

    Raises RefundImpossible for an approval of another amount.
    """
    if approval.amount != refund.amount:
        raise RefundImpossible(f"the refund is of {refund.amount}, the approval is for {approval.amount}")
    refund = replace(refund, version=approval.version)
    decision = _BY_STATUS.get(approval.status)
    return refund if decision is None else decided(refund, decision)
