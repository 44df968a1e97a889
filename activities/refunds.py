"""Steps that write the record of refunds: local activities, one transaction each."""

from collections.abc import Callable, Sequence

from temporalio import activity

from ports.refunds import (
    ApprovalMoved,
    DecidedAtDeadline,
    LegAnswered,
    PlatformTold,
    PolicyApproved,
    RefundAsked,
    RefundCaseOpened,
    RefundCaseSettled,
    RefundRecords,
    RefundStep,
    RefundTold,
    RefundView,
)
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived


class RefundActivities:
    def __init__(self, records: RefundRecords) -> None:
        self._records = records

    @activity.defn(name="refunds.open")
    async def open(self, fact: RefundAsked) -> RefundView:
        return await self._records.open(fact)

    @activity.defn(name="refunds.hear_of_goods")
    async def hear_of_goods(self, step: RefundStep) -> RefundView:
        return await self._records.hear_of_goods(step)

    @activity.defn(name="refunds.move_approval")
    async def move_approval(self, fact: ApprovalMoved) -> RefundView:
        return await self._records.move_approval(fact)

    @activity.defn(name="refunds.expect_return")
    async def expect_return(self, step: RefundStep) -> RefundView:
        return await self._records.expect_return(step)

    @activity.defn(name="refunds.note_sent")
    async def note_sent(self, fact: GoodsSent) -> RefundView:
        return await self._records.note_sent(fact)

    @activity.defn(name="refunds.receive_return")
    async def receive_return(self, fact: ReturnReceived) -> RefundView:
        return await self._records.receive_return(fact)

    @activity.defn(name="refunds.assess_return")
    async def assess_return(self, fact: ReturnAssessed) -> RefundView:
        return await self._records.assess_return(fact)

    @activity.defn(name="refunds.close_return")
    async def close_return(self, step: RefundStep) -> RefundView:
        return await self._records.close_return(step)

    @activity.defn(name="refunds.approve_by_policy")
    async def approve_by_policy(self, fact: PolicyApproved) -> RefundView:
        return await self._records.approve_by_policy(fact)

    @activity.defn(name="refunds.plan")
    async def plan(self, step: RefundStep) -> RefundView:
        return await self._records.plan(step)

    @activity.defn(name="refunds.ask_leg")
    async def ask_leg(self, step: RefundStep) -> RefundView:
        return await self._records.ask_leg(step)

    @activity.defn(name="refunds.record_answer")
    async def record_answer(self, fact: LegAnswered) -> RefundView:
        return await self._records.record_answer(fact)

    @activity.defn(name="refunds.load")
    async def load(self, step: RefundStep) -> RefundView:
        return await self._records.load(step)

    @activity.defn(name="refunds.record_notice")
    async def record_notice(self, fact: RefundTold) -> RefundView:
        return await self._records.record_notice(fact)

    @activity.defn(name="refunds.hear_platform")
    async def hear_platform(self, fact: PlatformTold) -> RefundView:
        return await self._records.hear_platform(fact)

    @activity.defn(name="refunds.decide_at_deadline")
    async def decide_at_deadline(self, fact: DecidedAtDeadline) -> RefundView:
        return await self._records.decide_at_deadline(fact)

    @activity.defn(name="refunds.open_case")
    async def open_case(self, fact: RefundCaseOpened) -> RefundView:
        return await self._records.open_case(fact)

    @activity.defn(name="refunds.settle_case")
    async def settle_case(self, fact: RefundCaseSettled) -> RefundView:
        return await self._records.settle_case(fact)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (
            self.load,
            self.open,
            self.hear_of_goods,
            self.move_approval,
            self.expect_return,
            self.note_sent,
            self.receive_return,
            self.assess_return,
            self.close_return,
            self.approve_by_policy,
            self.plan,
            self.ask_leg,
            self.record_answer,
            self.record_notice,
            self.hear_platform,
            self.decide_at_deadline,
            self.open_case,
            self.settle_case,
        )
