"""How an order and its refunds begin each other: who is told and does not run any more, runs again."""

from temporalio import exceptions, workflow
from temporalio.common import WorkflowIDReusePolicy

from domain.order import Stage
from domain.reference import OrderId
from domain.refund import BY_ITSELF, Asking, Basis, RefundStage
from ports.records import DueBack, RefundMoved
from ports.refunds import RefundAsked
from workflows import identity
from workflows.messages import OrderStart
from workflows.refund_messages import RefundStart


async def start(order_id: OrderId, due: DueBack) -> None:
    """Nobody asked, and its number is that of the money: however often this is repeated, it is one refund."""
    refund_id = identity.due_refund_id(order_id, due.number)
    asking = Asking(refund_id, order_id, BY_ITSELF, basis=Basis.DUE)
    try:
        await workflow.start_child_workflow(
            "RefundWorkflow",
            RefundStart(RefundAsked(asking, "due_back", "")),
            id=identity.refund_workflow_id(refund_id),
            task_queue=identity.REFUNDS,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"refund of {order_id}",
            search_attributes=identity.search_attributes(order_id, RefundStage.AWAITING_APPROVAL),
        )
    except exceptions.WorkflowAlreadyStartedError:
        workflow.logger.info("refund %s runs already", refund_id)


async def tell_order(fact: RefundMoved) -> None:
    """An order whose run has ended gets one more, which begins with this."""
    workflow_id = identity.order_workflow_id(fact.order_id)
    while True:
        try:
            await workflow.get_external_workflow_handle(workflow_id).signal("refund_moved", fact)
        except exceptions.FailureError:
            if await _run_again(workflow_id, fact):
                return
        else:
            return


async def _run_again(workflow_id: str, fact: RefundMoved) -> bool:
    """False when somebody else began a run meanwhile."""
    try:
        await workflow.start_child_workflow(
            "OrderWorkflow",
            OrderStart(fact.order_id, fact),
            id=workflow_id,
            task_queue=identity.ORDERS,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=identity.search_attributes(fact.order_id, Stage.AWAITING_PAYMENT),
        )
    except exceptions.WorkflowAlreadyStartedError:
        return False
    return True
