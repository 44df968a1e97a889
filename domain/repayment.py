"""The money of an approved refund: its legs, what providers say, what is booked, what a person must see to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain import ledger, refund_leg
from domain.axis import Fulfilment, move
from domain.caps import CAPPED
from domain.case import Cause, NewCase
from domain.errors import RefundImpossible
from domain.ledger import Account
from domain.money import total
from domain.order import Order
from domain.payment import surplus
from domain.refund import REPAYMENT_MOVES, Basis, Decision, Goods, Refund, Repayment
from domain.refund_leg import Leg, LegState, Told
from domain.refund_money import LegPlan, plan_legs


@dataclass(frozen=True)
class RefundChange:
    """What one fact makes of a refund: all of it is written in one transaction, or nothing is."""

    refund: Refund
    entries: tuple[ledger.Entry, ...] = ()
    cases: tuple[NewCase, ...] = ()


def planned(refund: Refund, order: Order, others: Iterable[Refund]) -> Refund:
    """By which payments it goes back. Only what was approved for exactly this amount and version moves money."""
    if refund.legs:
        return refund
    if refund.goods not in (Goods.KEPT, Goods.STOPPED, Goods.RECEIVED):
        raise RefundImpossible(f"its goods are {refund.goods}: no money moves before they are stopped, or back")
    if refund.decision is not Decision.APPROVED or refund.approved != (refund.amount, refund.version):
        raise RefundImpossible(f"nobody approved {refund.amount}, version {refund.version}")
    return planned_there(refund, order, others)


def planned_there(refund: Refund, order: Order, others: Iterable[Refund]) -> Refund:
    """Its legs, whatever stands in their way here: a marketplace moves the money of its refunds by itself."""
    before = [LegPlan(leg.payment, leg.amount) for other in others for leg in other.legs if leg.counts]
    plans = _plans(refund, order, before)
    freights = refund.quote.shipping.allocate([plan.amount.amount_minor for plan in plans])
    legs = tuple(
        Leg(n, plan.payment, plan.amount, freight, refund_leg.out_refund_no(refund.order_id, refund.refund_id, n))
        for n, (plan, freight) in enumerate(zip(plans, freights, strict=True), start=1)
    )
    return replace(refund, legs=legs, repayment=move(REPAYMENT_MOVES, refund.repayment, Repayment.UNDER_WAY))


def _plans(refund: Refund, order: Order, before: list[LegPlan]) -> tuple[LegPlan, ...]:
    """Surplus goes back by the very trade that was too much; of an order that ended, all that paid nothing does."""
    if refund.basis is not Basis.DUE:
        return plan_legs(order.captures, before, refund.amount)
    odd = order.captures if order.fulfilment is Fulfilment.STOPPED else surplus(order.plan, order.captures)
    apart = tuple(replace(each, matched=True) for each in odd if not each.matched)
    gone = total((each.amount for each in before if each.payment in {one.key for one in apart}), refund.amount.currency)
    first = min(total((each.amount for each in apart), refund.amount.currency) - gone, refund.amount)
    rest = refund.amount - first
    plans = plan_legs(apart, before, first) if first.amount_minor else ()
    return plans + (plan_legs(order.captures, before, rest) if rest.amount_minor else ())


def leg_asked(refund: Refund, number: int) -> Refund:
    return _with(refund, refund_leg.asked(_leg(refund, number)))


def leg_without_route(refund: Refund, number: int, why: str) -> RefundChange:
    """It is not asked for at all: a person finds another way."""
    after = refund_leg.without_route(_leg(refund, number), why)
    return RefundChange(_with(refund, after), cases=_cases(_with(refund, after), after))


def leg_held(refund: Refund, number: int, why: str) -> Refund:
    return _with(refund, refund_leg.held(_leg(refund, number), why))


def leg_answered(refund: Refund, number: int, told: Told, now: datetime) -> RefundChange:
    """What a provider said of a leg: booked when money went back, a successor when its number is dead."""
    before = _leg(refund, number)
    if refund_leg.taken_back(before, told):
        detail = f"{before.amount} by {'/'.join(before.payment)} was told as paid back, now as {told.outcome}"
        return RefundChange(refund, cases=(NewCase(Cause.REFUND_REVERSED, before.out_refund_no, detail),))
    after = refund_leg.answered(before, told, now)
    if after.state is before.state:
        return RefundChange(_with(refund, after))
    if after.state is LegState.CLOSED:
        return RefundChange(_followed(_with(refund, after), after))
    entries = (_entry(refund, after),) if after.state is LegState.DONE else ()
    return RefundChange(_followed(_with(refund, after)), entries, _cases(refund, after))


def leg_given_up(refund: Refund, number: int) -> Refund:
    return _followed(_with(refund, refund_leg.given_up(_leg(refund, number))))


def leg_gone_elsewhere(refund: Refund, number: int, reference: str, by: str) -> RefundChange:
    """Somebody says that the money of a refused leg went another way: a leg of its own, which a second one confirms."""
    left = refund_leg.given_up(_leg(refund, number))
    new = replace(_successor(refund, left), state=LegState.TO_BE_CONFIRMED, refund_no=reference, said_by=by)
    detail = f"{by} says that {new.amount} went to the buyer another way, under {reference}"
    after = _with(refund, left)
    after = replace(after, legs=(*after.legs, new))
    return RefundChange(after, cases=(NewCase(Cause.PAID_ELSEWHERE, new.out_refund_no, detail),))


def leg_confirmed(refund: Refund, number: int, by: str, now: datetime) -> RefundChange:
    """A second person has looked at the evidence. Raises SkipRefused for the first one, and for the applicant."""
    leg = _leg(refund, number)
    refund_leg.check_confirmation(leg, refund.applicant, by)
    after = refund_leg.confirmed(leg, by, now)
    return RefundChange(_followed(_with(refund, after)), (_entry(refund, after),))


def _successor(refund: Refund, before: Leg) -> Leg:
    number = len(refund.legs) + 1
    no = refund_leg.out_refund_no(refund.order_id, refund.refund_id, number)
    return Leg(number, before.payment, before.amount, before.freight, no, replaces=before.number)


def _followed(refund: Refund, closed: Leg | None = None) -> Refund:
    """The successor of a closed leg, and how far the money is by now."""
    if closed is not None:
        refund = replace(refund, legs=(*refund.legs, _successor(refund, closed)))
    return replace(refund, repayment=move(REPAYMENT_MOVES, refund.repayment, _repayment(refund)))


def _repayment(refund: Refund) -> Repayment:
    if refund.paid_back == refund.amount:
        return Repayment.BACK
    if refund.paid_back.amount_minor:
        return Repayment.PARTLY_BACK
    return Repayment.NOT_BACK if refund.ended else Repayment.UNDER_WAY


def _entry(refund: Refund, leg: Leg) -> ledger.Entry:
    source = Account.PAID_ELSEWHERE if leg.said_by else ledger.receivable_of(refund.order_id)
    due = refund.basis is Basis.DUE
    return ledger.refunded(leg.out_refund_no, leg.amount, leg.freight, was_due=due, source=source)


def _cases(refund: Refund, leg: Leg) -> tuple[NewCase, ...]:
    said = f"{leg.amount} by {'/'.join(leg.payment)}" + (f": {leg.code}" if leg.code else "")
    causes = {
        LegState.REFUSED: Cause.REFUND_REFUSED,
        LegState.ABNORMAL: Cause.REFUND_ROUTE_GONE,
    }
    cause = causes.get(leg.state)
    rest = refund.amount - refund.paid_back
    return (NewCase(cause, leg.out_refund_no, f"{said}; {rest} of {refund.amount} is still to go"),) if cause else ()


def moot(cause: Cause, subject: str, refund: Refund) -> bool:
    """Whether the leg has passed what a waiting case of this cause was about; such a case settles itself."""
    state = next((leg.state for leg in refund.legs if leg.out_refund_no == subject), None)
    awaited = refund.goods is Goods.UNDER_WAY and not refund.ended
    passed = {
        Cause.REFUND_REFUSED: state is not LegState.REFUSED,
        Cause.REFUND_ROUTE_GONE: state is not LegState.ABNORMAL,
        Cause.PAID_ELSEWHERE: state is not LegState.TO_BE_CONFIRMED,
        Cause.RETURN_NOT_ANNOUNCED: not awaited,
        Cause.RETURN_OVERDUE: not awaited,
        Cause.RETURN_DAMAGED: refund.ended,
        Cause.REFUND_UNCLEAR: state not in (*refund_leg.TO_BE_ASKED_ABOUT, LegState.ASKED),
    }
    return passed.get(cause, False)


def short_legs(refund: Refund) -> set[tuple[int, tuple[str, str]]]:
    """Which legs wait for money in which merchant account: (provider, account)."""
    return {(leg.number, leg.payment[:2]) for leg in refund.legs if leg.state is LegState.SHORT_OF_BALANCE}


def over_caps(refund: Refund) -> set[tuple[int, str]]:
    """Which legs wait for which cap, by its name."""
    kept = ((leg.number, leg.held or "") for leg in refund.legs)
    return {(number, held.removeprefix(CAPPED)) for number, held in kept if held.startswith(CAPPED)}


def _leg(refund: Refund, number: int) -> Leg:
    return refund.legs[number - 1]


def _with(refund: Refund, leg: Leg) -> Refund:
    return replace(refund, legs=tuple(leg if each.number == leg.number else each for each in refund.legs))
