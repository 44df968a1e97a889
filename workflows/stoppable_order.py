"""How an order's goods are kept from leaving: for a buyer who cancelled, or for a refund of a part of them."""

from dataclasses import replace

from temporalio import exceptions, workflow

from activities.records import RecordActivities
from activities.warehouse import WarehouseActivities
from domain.axis import NOT_PUSHED, Fulfilment
from domain.case import CaseDecision, Cause
from ports.records import CancelledTooLate, GoodsStopped, PendingStop, PushRecorded
from ports.warehouse import StopOutcome
from workflows import identity, options
from workflows.attended_order import AttendedOrder
from workflows.refund_messages import GoodsAnswered

NOT_SHIPPED = (*NOT_PUSHED, Fulfilment.PUSHED)


class StoppableOrder(AttendedOrder):
    """Each outbound order is asked for by itself; the race with the warehouse's hands is decided by its answer."""

    async def _stopped_as_far_as_it_has_not_left(self) -> None:
        """The race between our wish and the warehouse's hands is decided by its answer, for each outbound order."""
        step, numbers = self._step("stop"), range(1, self._order.outbound + 1)
        stopped = tuple([each for each in reversed(numbers) if await self._outbound_stopped(each)])
        if len(stopped) == len(numbers):
            await self._record_step(RecordActivities.stop, step)
            return
        if self._order.pushing and numbers[-1] not in stopped:
            await self._push_recorded()  # its answer was not heard, but the warehouse has it
        fact = CancelledTooLate(step.order_id, step.transaction_id, stopped)
        await self._record_step(RecordActivities.cancel_too_late, fact)

    async def _goods_stopped(self, wish: PendingStop) -> None:
        """A refund's goods: dropped as far as the warehouse lets go of them. What else was stopped is pushed again."""
        step = self._step("stop_goods")
        stopped = tuple([each for each in wish.intercepts if await self._outbound_stopped(each)])
        if self._order.pushing and self._order.outbound in wish.intercepts:
            await self._push_recorded()  # its answer was not heard, but the warehouse has it, or had
        fact = GoodsStopped(step.order_id, step.transaction_id, wish.refund_id, stopped)
        await self._record_step(RecordActivities.stop_goods, fact)
        await self._tell_refund(wish.refund_id)

    async def _tell_refund(self, refund_id: str) -> None:
        """It finds the answer in the record; one that does not run any more needs none."""
        refund = workflow.get_external_workflow_handle(identity.refund_workflow_id(refund_id))
        try:
            await refund.signal("goods_answered", GoodsAnswered(refund_id))
        except exceptions.FailureError:
            workflow.logger.info("refund %s does not run any more", refund_id)

    async def _outbound_stopped(self, number: int) -> bool:
        in_house = NOT_SHIPPED if self._order.outbound == 1 else (*NOT_SHIPPED, Fulfilment.PARTLY_SHIPPED)
        if self._order.fulfilment not in in_house:
            return False
        answer = await self._outside(
            lambda: workflow.start_activity_method(
                WarehouseActivities.stop,
                self._step("stop", number),
                **options.warehouse_call(self._order.limits),
            ),
            Cause.STOP_FAILED,
            unless=lambda: self._order.fulfilment not in in_house,
        )
        return answer is not None and not isinstance(answer, CaseDecision) and answer.outcome is StopOutcome.STOPPED

    async def _push_recorded(self, *, outbound_no: str | None = None, decision: CaseDecision | None = None) -> None:
        step = self._step("push", self._order.outbound)
        fact = PushRecorded(step.order_id, step.transaction_id, outbound_no, outbound=step.outbound)
        if decision is not None:
            by = f"{decision.by} and {decision.second_person}"
            fact = replace(fact, outside_shipment_no=decision.outside_shipment_no, by=by)
        await self._record_step(RecordActivities.record_push, fact)
