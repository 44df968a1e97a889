"""The record of refunds. Each public method is one transition: lock, decide in the domain, write all of it.

Only RefundWorkflow calls the writing methods, through local activities. The order's row is locked first, then its
money row: so no two refunds of an order, and no refund and its order, ever write at the same time.
"""

from dataclasses import replace
from datetime import datetime

from domain import refund as refunds
from domain.asked_again import followed
from domain.case import CaseDecision, Cause, Choice, NewCase
from domain.errors import RefundExceedsCeiling, RefundImpossible
from domain.news import Topic, for_customer, for_staff
from domain.platform_refund import must_be_as_asked
from domain.refund import Refund
from domain.refund_goods import goods_answered, left_over
from domain.refund_leg import Leg, LegState, taken_back
from domain.refund_route import route_gone
from domain.repayment import (
    RefundChange,
    leg_answered,
    leg_asked,
    leg_confirmed,
    leg_given_up,
    leg_gone_elsewhere,
    leg_held,
    leg_without_route,
    planned,
)
from persistence import brake, goods_stops, news, refund_notices, refund_rows, refusals
from persistence.audit import Deed
from persistence.platform_refunds import PostgresPlatformRefunds
from persistence.refund_transition import WORKFLOW, Ground
from persistence.returns import PostgresReturns
from persistence.sheet import Sheet
from ports.records import WaitingCase
from ports.refunds import (
    ApprovalMoved,
    LegAnswered,
    PolicyApproved,
    RefundAsked,
    RefundCaseOpened,
    RefundCaseSettled,
    RefundRecords,
    RefundStep,
    RefundTold,
    RefundView,
)

OF_A_LEG = (Cause.REFUND_REFUSED, Cause.REFUND_ROUTE_GONE, Cause.PAID_ELSEWHERE)


class PostgresRefunds(PostgresReturns, PostgresPlatformRefunds, RefundRecords):
    @refusals.step
    async def load(self, step: RefundStep) -> RefundView:
        async with self._locked(step) as here:
            assert here.loaded, "raises RefundNotKnown"
            return self._view(here)

    @refusals.step
    async def open(self, fact: RefundAsked) -> RefundView:
        async with self._locked(fact) as here:
            if fact.refund_id not in here.all:
                await self._open(here, fact)
            return self._view(here)

    async def _open(self, here: Ground, fact: RefundAsked) -> None:
        asking, why = fact.asking, ""
        try:
            theirs = await goods_stops.not_taken_yet(here.db, str(here.order.id), here.due.currency)
            refund = refunds.opened(here.order, here.others, here.due - theirs, asking)
            must_be_as_asked(refund, fact.sale)
        except (RefundExceedsCeiling, RefundImpossible) as refused:
            why = str(refused)
            refund = refunds.refused_at_once(asking, here.due.currency, why)
        before = followed(refund, here.others)
        follows = None if before is None else here.all[before.refund_id]
        here.all[fact.refund_id] = await refund_rows.add(here.db, fact, refund, here.now, follows)
        await news.write(here.db, for_customer(None, refund), here.now)
        about = {"amount": str(refund.amount), "stage": refund.stage, "reason": fact.reason}
        deed = Deed(asking.applicant, "open_refund", fact.event_ids)
        if why and fact.sale is not None:
            await self._open_case(here, NewCase(Cause.AFTER_SALE_CHANGED, fact.sale.number, why))
        about |= {"refusal": why} if why else {}
        about |= {"follows": before.refund_id} if before else {}
        await self._note(here, (), deed, about)

    @refusals.step
    async def hear_of_goods(self, step: RefundStep) -> RefundView:
        async with self._locked(step) as here:
            answer = await goods_stops.find(here.db, step.refund_id, here.due.currency)
            if answer is None:
                return self._view(here)
            heard = goods_answered(here.loaded.refund, answer, here.order)
            about = {"refusal": heard.refusal} if heard.refusal else {}
            return await self._put(here, RefundChange(heard), Deed(WORKFLOW, "hear_of_goods"), about)

    @refusals.step
    async def move_approval(self, fact: ApprovalMoved) -> RefundView:
        async with self._locked(fact) as here:
            before, told = here.loaded, () if fact.reminder is None else (fact.reminder,)
            if fact.number <= before.approval_moves:
                return self._view(here)
            after = replace(
                before,
                refund=refunds.approval_moved(before.refund, fact.approval),
                approval=fact.approval,
                approval_moves=fact.number,
                policy=fact.policy or before.policy,
                reminders=(*before.reminders, *told),
            )
            about = {"verb": fact.verb, "approval": fact.approval.status, "version": fact.approval.version}
            about |= {"why": fact.why} if fact.why else {}
            if fact.reminder is not None and not fact.reminder.skipped:
                piece = for_staff(Topic.REMINDER, after.refund, fact.reminder.person, fact.number)
                await news.write(here.db, (piece,), here.now)
            change = RefundChange(after.refund, cases=left_over(after.refund))
            await self._save(here, after, change, Deed(fact.by, fact.verb), about)
            return self._view(here)

    @refusals.step
    async def approve_by_policy(self, fact: PolicyApproved) -> RefundView:
        async with self._locked(fact) as here:
            refund = refunds.approved_by_policy(here.loaded.refund)
            after = replace(here.loaded, refund=refund, policy=fact.policy)
            deed = Deed(f"policy {fact.policy}", "approve_by_policy")
            await self._save(here, after, RefundChange(refund), deed, {"why": fact.why, "amount": str(refund.amount)})
            return self._view(here)

    @refusals.step
    async def plan(self, step: RefundStep) -> RefundView:
        async with self._locked(step) as here:
            legs = planned(here.loaded.refund, here.order, here.others)
            return await self._put(here, RefundChange(legs), Deed(WORKFLOW, "plan_refund"))

    @refusals.step
    async def ask_leg(self, step: RefundStep) -> RefundView:
        async with self._locked(step) as here:
            refund = here.loaded.refund
            if gone := self._route_gone(here, refund.legs[step.leg - 1]):
                return await self._put(here, leg_without_route(refund, step.leg, gone), Deed(WORKFLOW, "ask_leg"))
            why = await brake.let_go(here.db, refund, step.leg, here.loaded.policy, here.now)
            after = leg_held(refund, step.leg, why) if why else leg_asked(refund, step.leg)
            return await self._put(here, RefundChange(after), Deed(WORKFLOW, "hold_leg" if why else "ask_leg"))

    @staticmethod
    def _route_gone(here: Ground, leg: Leg) -> str | None:
        """Looked at once, before its provider is asked for the first time."""
        if leg.state is not LegState.PLANNED:
            return None
        capture = next(each for each in here.order.captures if each.key == leg.payment)
        every = (each for loaded in here.all.values() for each in loaded.refund.legs)
        return route_gone(capture, every, here.now)

    @refusals.step
    async def record_answer(self, fact: LegAnswered) -> RefundView:
        async with self._locked(fact) as here:
            change = leg_answered(here.loaded.refund, fact.leg, fact.told, here.now)
            about = {"leg": fact.leg, "outcome": fact.told.outcome, "code": fact.told.code}
            return await self._put(here, change, Deed(WORKFLOW, "record_answer"), about)

    @refusals.fact
    async def record_notice(self, fact: RefundTold) -> RefundView:
        async with self._locked(fact) as here:
            leg = here.loaded.refund.legs[fact.leg - 1]
            known = taken_back(leg, fact.told) and await refund_notices.reversal_is_known(here.db, leg.out_refund_no)
            if not known:
                change = leg_answered(here.loaded.refund, fact.leg, fact.told, here.now)
                about = {"leg": fact.leg, "outcome": fact.told.outcome}
                await self._put(here, change, Deed(leg.payment[0], "record_notice", fact.event_ids), about)
            await Sheet().write(here.db, str(fact.order_id), here.now, fact.event_ids)
            return self._view(here)

    async def open_case(self, fact: RefundCaseOpened) -> RefundView:
        async with self._locked(fact) as here:
            case = NewCase(fact.cause, fact.subject, fact.detail)
            await self._open_case(here, case, fact.attempts, fact.last_error)
            return self._view(here)

    async def settle_case(self, fact: RefundCaseSettled) -> RefundView:
        """What a decision makes of the leg is written in the same transaction, once."""
        decision = fact.decision
        async with self._locked(fact) as here:
            case = next((each for each, _ in here.waiting if each.case_id == decision.case_id), None)
            if case is None:
                return self._view(here)
            await self._settle(here, decision)
            change = _decided(here.loaded.refund, case, decision, here.now)
            about = {"case": decision.case_id, "choice": decision.choice, "reason": decision.reason}
            loaded = replace(here.loaded, refund=change.refund)
            await self._save(here, loaded, change, Deed(decision.by, "settle_case"), about, noted=True)
            return self._view(here)


def _decided(refund: Refund, case: WaitingCase, decision: CaseDecision, now: datetime) -> RefundChange:
    """A retry asks again with the same number; a cancelled leg is given up; or its money went another way."""
    number = next((leg.number for leg in refund.legs if leg.out_refund_no == case.subject), None)
    if number is None or case.cause not in OF_A_LEG:
        return RefundChange(refund)
    if decision.choice is Choice.RETRY:
        return RefundChange(leg_asked(refund, number))
    if decision.choice is Choice.ELSEWHERE:
        assert decision.outside_payment_no is not None, "check_decision has seen to it"
        return leg_gone_elsewhere(refund, number, decision.outside_payment_no, decision.by)
    if decision.choice is Choice.CONFIRM:
        return leg_confirmed(refund, number, decision.by, now)
    return RefundChange(leg_given_up(refund, number))
