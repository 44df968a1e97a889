"""The goods of a refund: what has not left is stopped before anybody decides on the money."""

from temporalio import exceptions, workflow

from activities.refunds import RefundActivities
from domain.reference import OrderId
from domain.refund import Goods
from workflows import identity
from workflows.attended_refund import AttendedRefund
from workflows.messages import GoodsStopAsked
from workflows.refund_messages import GoodsAnswered


class RefundOfGoods(AttendedRefund):
    """docs/sop.md, step 9.2."""

    def __init__(self, refund_id: str, order_id: OrderId) -> None:
        super().__init__(refund_id, order_id)
        self._told_of_goods = False

    @workflow.signal(description="the order's workflow wrote what came of the goods that were to be stopped")
    def goods_answered(self, _: GoodsAnswered) -> None:
        self._told_of_goods = True

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
