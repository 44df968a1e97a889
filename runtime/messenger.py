"""How a workflow is told something, or begun, by whoever holds a client."""

from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.order import Stage
from domain.reference import OrderId
from domain.refund import RefundStage
from ports.records import PaymentSettled, RefundMoved
from ports.refunds import RefundAsked
from workflows import identity
from workflows.messages import Fact, OrderStart
from workflows.order import OrderWorkflow
from workflows.refund import RefundWorkflow
from workflows.refund_messages import RefundStart

PATIENCE = timedelta(seconds=2)


class TemporalMessenger:
    """Raises RPCError and RuntimeError as the client does; a step is then tried again."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

    async def tell_order(self, fact: RefundMoved) -> None:
        await signal_order(self._temporal, fact.order_id, "refund_moved", fact, PATIENCE)

    async def settle_payment(self, fact: PaymentSettled) -> None:
        await signal_order(self._temporal, fact.order_id, "payment_settled", fact, PATIENCE)

    async def start_refund(self, asked: RefundAsked) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await self._temporal.start_workflow(
                RefundWorkflow.run,
                RefundStart(asked),
                id=identity.refund_workflow_id(asked.refund_id),
                task_queue=identity.REFUNDS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"refund of {asked.order_id}",
                search_attributes=identity.search_attributes(asked.order_id, RefundStage.AWAITING_APPROVAL),
                rpc_timeout=PATIENCE,
            )


async def signal_order(
    temporal: Client, order_id: OrderId, signal: str, fact: Fact, patience: timedelta, summary: str | None = None
) -> None:
    """Durable once this returns: the workflow has the fact, or a new run begins with it."""
    await temporal.start_workflow(
        OrderWorkflow.run,
        OrderStart(order_id),
        id=identity.order_workflow_id(order_id),
        task_queue=identity.ORDERS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=signal,
        start_signal_args=[fact],
        static_summary=summary,
        search_attributes=identity.search_attributes(order_id, Stage.AWAITING_PAYMENT),
        rpc_timeout=patience,
    )
