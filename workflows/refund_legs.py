"""The legs of a refund: when each is asked for or about, and what was heard."""

from datetime import datetime, timedelta

from temporalio import exceptions, workflow

from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from domain.case import Cause
from domain.limits import Limits
from domain.reference import OrderId
from domain.refund_leg import TO_BE_ASKED, TO_BE_ASKED_ABOUT, Leg, LegState, RefundOutcome, Told
from ports.payments import RefundAnswer, RefundOrder, RefundQuestion
from ports.refunds import LegAnswered, LegView
from workflows import options
from workflows.attended_refund import AttendedRefund
from workflows.refund_messages import Asked

MOST_DOUBLINGS = 30  # of a pause: the longest one is reached long before


class RefundOfMoney(AttendedRefund):
    """docs/sop.md, step 9.5."""

    def __init__(self, refund_id: str, order_id: OrderId) -> None:
        super().__init__(refund_id, order_id)
        self._asks: dict[int, Asked] = {}  # how often each leg was asked for or about, since somebody looked at it

    def _due(self, leg: LegView) -> datetime | None:
        """When to ask next: at once, then at doubling pauses. None while it is a person's turn, or it has ended."""
        if leg.leg.state not in (*TO_BE_ASKED, *TO_BE_ASKED_ABOUT):
            return None
        asks = self._asks.get(leg.leg.number)
        if not asks:
            return workflow.now()
        limits = self._refund.limits
        pause: timedelta = limits.refund_first_pause * 2 ** min(asks.times - 1, MOST_DOUBLINGS)
        return asks.last + min(pause, _longest(leg.leg, limits))

    def _next_due(self) -> datetime | None:
        return min((at for leg in self._refund.legs if (at := self._due(leg)) is not None), default=None)

    async def _asked_once(self, leg: LegView) -> None:
        """One call, under the number that the leg has; what was not heard is unknown, never failed."""
        number = leg.leg.number
        now, before = workflow.now(), self._asks.get(number)
        asks = self._asks[number] = Asked(before.times + 1, before.first, now) if before else Asked(1, now, now)
        if leg.leg.state in TO_BE_ASKED:
            await self._record_step(RefundActivities.ask_leg, self._step("refund", number))
            now_there = self._refund.legs[number - 1].leg
            if now_there.held or now_there.state not in TO_BE_ASKED:
                return
            if leg.leg.held:
                asks = self._asks[number] = Asked(1, now, now)  # while it was held nobody was asked
        told = await self._told(leg)
        if told is None:
            return
        step = self._step("refund", number)
        await self._record_step(
            RefundActivities.record_answer,
            LegAnswered(step.refund_id, step.order_id, step.transaction_id, number, told),
        )
        after = self._refund.legs[number - 1].leg
        if after.state in TO_BE_ASKED_ABOUT and workflow.now() - asks.first >= self._refund.limits.refund_unclear_after:
            detail = f"{after.amount} under {after.out_refund_no}: {asks.times} times asked, and nobody knows"
            await self._open_case_about(Cause.REFUND_UNCLEAR, after.out_refund_no, detail)

    async def _told(self, leg: LegView) -> Told | None:
        """None when the provider told us by itself how it ended, before we had our answer."""
        try:
            answer = await self._attempt(
                lambda: self._call(leg), lambda: self._refund.legs[leg.leg.number - 1].leg.ended
            )
        except exceptions.ActivityError:
            return Told(RefundOutcome.UNKNOWN)
        if answer is None:
            return None
        return Told(answer.outcome, answer.refund_no, answer.amount, answer.at, answer.code)

    def _call(self, view: LegView) -> workflow.ActivityHandle[RefundAnswer]:
        leg, call = view.leg, options.provider_call(self._refund.limits)
        if leg.state in TO_BE_ASKED_ABOUT:
            question = RefundQuestion(
                *leg.payment,
                view.out_trade_no,
                leg.out_refund_no,
                leg.amount,
                view.captured,
                self._step("query_refund", leg.number).transaction_id,
            )
            return workflow.start_activity_method(PaymentActivities.query_refund, question, **call)
        order = RefundOrder(
            *leg.payment,
            view.out_trade_no,
            leg.out_refund_no,
            leg.amount,
            view.captured,
            reason="",
            transaction_id=self._step("refund", leg.number).transaction_id,
        )
        return workflow.start_activity_method(PaymentActivities.refund, order, **call)


def _longest(leg: Leg, limits: Limits) -> timedelta:
    """What waits for the merchant, not for a provider, goes on soon once it may."""
    if leg.held:
        return limits.refund_held_pause
    return limits.refund_short_pause if leg.state is LegState.SHORT_OF_BALANCE else limits.refund_longest_pause
