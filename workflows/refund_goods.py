"""The goods of a refund: what has not left is stopped first, what has left may have to come back."""

from collections.abc import Callable
from typing import Any

from temporalio import exceptions, workflow
from temporalio.exceptions import ApplicationError

from activities.refunds import RefundActivities
from activities.warehouse import WarehouseActivities
from domain.case import Cause
from domain.reference import OrderId
from domain.refund import Goods, RefundStage
from domain.returns import Return
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived
from ports.warehouse import ExpectedReturn, PushLine
from workflows import identity, options
from workflows.attended_refund import AttendedRefund, Spoken
from workflows.messages import GoodsStopAsked
from workflows.refund_messages import ApprovalCommand, GoodsAnswered, RefundView

OfReturn = GoodsSent | ReturnReceived | ReturnAssessed
RECORDED_BY: dict[type, Callable[..., Any]] = {
    GoodsSent: RefundActivities.note_sent,
    ReturnReceived: RefundActivities.receive_return,
    ReturnAssessed: RefundActivities.assess_return,
}


class RefundOfGoods(AttendedRefund):
    """docs/sop.md, steps 9.2 and 9.4."""

    def __init__(self, refund_id: str, order_id: OrderId) -> None:
        super().__init__(refund_id, order_id)
        self._told_of_goods = False

    @workflow.signal(description="the order's workflow wrote what came of the goods that were to be stopped")
    def goods_answered(self, _: GoodsAnswered) -> None:
        self._told_of_goods = True

    @workflow.signal(description="the warehouse received goods that came back")
    def return_received(self, fact: ReturnReceived) -> None:
        self._inbox.append(Spoken(fact))

    @workflow.update(description="the buyer sent the goods back: under which waybill")
    async def send_goods(self, fact: GoodsSent) -> RefundView:
        return await self._written(fact)

    @send_goods.validator
    def _may_send_goods(self, fact: GoodsSent) -> None:
        if self._refund.stage is not RefundStage.AWAITING_RETURN:
            raise ApplicationError(
                f"{fact.waybill_no}: no goods are awaited, it is {self._refund.stage}", type="ApprovalRefused"
            )

    @workflow.update(description="say what is taken off for damage")
    async def assess(self, fact: ReturnAssessed) -> RefundView:
        return await self._written(fact)

    @assess.validator
    def _may_assess(self, fact: ReturnAssessed) -> None:
        if Cause.RETURN_DAMAGED not in self._waiting_cases().values():
            raise ApplicationError(
                f"{fact.by}: nothing is to be assessed, it is {self._refund.stage}", type="ApprovalRefused"
            )

    async def _written(self, fact: GoodsSent | ReturnAssessed) -> RefundView:
        spoken = Spoken(fact)
        self._inbox.append(spoken)
        await workflow.wait_condition(lambda: spoken.done)
        return self._refund

    async def _obeyed(self, command: ApprovalCommand | OfReturn) -> None:
        if isinstance(command, ApprovalCommand):
            await super()._obeyed(command)
        else:
            await self._record(RECORDED_BY[type(command)], command)

    # Before anything leaves

    async def _goods_stopped(self) -> None:
        """9.2 Goods that have not left are stopped: the order's workflow asks the warehouse, whose answer decides."""
        while self._refund.goods is Goods.TO_STOP and not self._refund.ended:
            self._told_of_goods = False
            await self._ask_order()
            again = workflow.now() + self._refund.limits.attempts_end
            await self._until(lambda: self._told_of_goods, by=again)
            await self._record_step(RefundActivities.hear_of_goods, self._step("hear_of_goods"))

    async def _ask_order(self) -> None:
        """Asked any number of times, it is one wish. An order that does not run has ended, and nothing of it leaves."""
        refund = self._refund
        order = workflow.get_external_workflow_handle(identity.order_workflow_id(refund.order_id))
        fact = GoodsStopAsked(refund.order_id, refund.refund_id, refund.to_stop)
        try:
            await order.signal("goods_stop_asked", fact)
        except exceptions.FailureError:
            workflow.logger.info("order %s does not run", refund.order_id)
            self._told_of_goods = True

    # The way back

    async def _returned(self) -> bool:
        """9.4 Goods that have to come back have come, and were looked at. True: what came needs another approval."""
        if self._refund.ended or self._refund.goods is not Goods.EXPECTED:
            return False
        await self._record_step(RefundActivities.expect_return, self._step("expect_return"))
        if not await self._until(self._has_been_sent, by=self._back.send_by):
            await self._record_step(RefundActivities.close_return, self._step("close_return"))
        if not self._has_come():
            await self._received()
        while Cause.RETURN_DAMAGED in self._waiting_cases().values():
            await self._decided(Cause.RETURN_DAMAGED)
        return self._refund.stage is RefundStage.AWAITING_APPROVAL

    async def _received(self) -> None:
        """The warehouse knows what to expect; when it takes too long, a person looks for the parcel."""
        await self._outside(
            lambda: workflow.start_activity_method(
                WarehouseActivities.expect_return, self._announced(), **options.warehouse_call(self._refund.limits)
            ),
            Cause.RETURN_NOT_ANNOUNCED,
            unless=lambda: self._refund.ended,  # a case for it is moot once they have come
        )
        assert self._back.sent_at is not None
        late = self._back.sent_at + self._refund.limits.return_received_within
        if not await self._until(self._has_come, by=late):
            detail = f"sent with {self._back.carrier} {self._back.waybill_no}, and not received"
            await self._open_case(Cause.RETURN_OVERDUE, detail)
            await self._until(self._has_come)

    @property
    def _back(self) -> Return:
        assert self._refund.back is not None
        return self._refund.back

    def _has_been_sent(self) -> bool:
        """Or nobody waits for them any more: the refund was withdrawn."""
        return self._refund.goods is not Goods.EXPECTED or self._refund.ended

    def _has_come(self) -> bool:
        return self._refund.goods is not Goods.UNDER_WAY or self._refund.ended

    def _announced(self) -> ExpectedReturn:
        step, back = self._step("expect_return"), self._back
        lines = tuple(PushLine(each.line_id, each.sku, each.quantity) for each in self._refund.to_come_back)
        order = self._refund.order_id.warehouse_reference()
        return ExpectedReturn(step.refund_id, step.transaction_id, order, back.carrier, back.waybill_no, lines)
