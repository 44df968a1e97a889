"""Providers' notices of refunds: docs/sop.md, section 9. They reach the refund's workflow, also long after its end."""

from dataclasses import replace

from api.acceptance import Acceptance
from api.errors import Problem
from domain.case import Cause, NewCase
from domain.refund_leg import RefundOutcome, Told
from persistence import evidence
from persistence.evidence import Arrival, Verdict
from persistence.refund_notices import KnownLeg, find_leg
from ports.payments import PaymentNotice, RefundFact
from ports.refunds import RefundTold
from runtime.refund_desk import RefundDesk
from runtime.updates import TemporalAway

TELLING = (RefundOutcome.DONE, RefundOutcome.CLOSED, RefundOutcome.ABNORMAL)


async def take_refund_notice(acceptance: Acceptance, notice: PaymentNotice, arrival: Arrival) -> None:
    """One that names no number, or says nothing conclusive, is kept and moves nothing."""
    fact = notice.refund
    if fact is None or fact.outcome not in TELLING:
        await acceptance.keep_alone(replace(arrival, verdict=Verdict.IGNORED, reason=notice.kind))
        return
    said = {"refund": fact.out_refund_no, "outcome": fact.outcome, "refunded": str(fact.amount) if fact.amount else ""}
    arrival = replace(arrival, fact={**(arrival.fact or {}), **said})
    told = Told(fact.outcome, fact.refund_no, fact.amount, fact.at, notice.state)
    async with acceptance.house.engine.begin() as db:
        leg = await find_leg(db, fact.out_refund_no, told)
        strange = leg is not None and (
            leg.payment != (notice.provider, notice.account, notice.trade_no)
            or await evidence.contradicted(db, arrival)
        )
        if leg is not None and not strange:
            verdict = Verdict.REPEAT if leg.is_recorded else Verdict.ACCEPTED
            event_id = await acceptance.keep(db, replace(arrival, verdict=verdict, order_id=str(leg.order_id)))
            if leg.is_recorded:
                return
    if leg is None:
        await _nobody_asked(acceptance, notice, fact, arrival)
    elif strange:
        await _says_otherwise(acceptance, fact, leg, arrival)
    else:
        await _tell(acceptance, RefundTold(leg.refund_id, leg.order_id, leg.number, told, (event_id,)))


async def _nobody_asked(acceptance: Acceptance, notice: PaymentNotice, fact: RefundFact, arrival: Arrival) -> None:
    """Each leg is in the record before its provider is called: a number that is not there is none of ours."""
    amount = f"{fact.amount} of" if fact.amount else "money of"
    detail = (
        f"{amount} trade {notice.trade_no} ({notice.out_trade_no}) went back as {fact.out_refund_no}: {fact.outcome}"
    )
    unasked = replace(arrival, verdict=Verdict.IGNORED, reason=Cause.UNKNOWN_REFUND)
    await acceptance.quarantine(unasked, NewCase(Cause.UNKNOWN_REFUND, fact.out_refund_no, detail))


async def _says_otherwise(acceptance: Acceptance, fact: RefundFact, leg: KnownLeg, arrival: Arrival) -> None:
    detail = f"notice {arrival.message_id} of refund {fact.out_refund_no} contradicts what is known of it"
    held = replace(arrival, verdict=Verdict.QUARANTINED, reason=Cause.OTHER_CONTENT, order_id=str(leg.order_id))
    await acceptance.quarantine(held, NewCase(Cause.OTHER_CONTENT, fact.out_refund_no, detail))


async def _tell(acceptance: Acceptance, fact: RefundTold) -> None:
    try:
        await RefundDesk(acceptance.house.temporal).tell(fact)
    except TemporalAway as away:
        raise Problem(503, "unavailable", str(away), headers={"retry-after": "5"}) from away
