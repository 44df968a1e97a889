"""How a request for a refund, and what people do with its approval, reach the refund's workflow."""

import asyncio
import hashlib
import json
from dataclasses import asdict

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from domain.errors import ApprovalChanged, ApprovalRefused
from domain.refund import RefundStage
from ports.refunds import PlatformTold, RefundAsked, RefundTold, RefundView
from ports.returns import GoodsSent, ReturnAssessed
from runtime.updates import ALL_CALLS_SECONDS, ANSWER_PATIENCE, AWAY, NobodyRuns, TemporalAway, told
from workflows import identity
from workflows.refund import RefundWorkflow
from workflows.refund_messages import ApprovalCommand, RefundStart

Said = ApprovalCommand | GoodsSent | ReturnAssessed


class RefundDesk:
    """Raises TemporalAway where nothing is known to have been done: the same may be sent again."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

    async def ask(self, asked: RefundAsked) -> RefundView | None:
        """Opened, or refused with the maximum; None while no worker has taken it up: it is not lost."""
        start = WithStartWorkflowOperation(
            RefundWorkflow.run,
            RefundStart(asked),
            id=identity.refund_workflow_id(asked.refund_id),
            task_queue=identity.REFUNDS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,  # a late repeat finds the record, and ends
            static_summary=f"refund of {asked.order_id}",
            search_attributes=identity.search_attributes(asked.order_id, RefundStage.AWAITING_APPROVAL),
        )
        try:
            return await told(
                lambda: self._temporal.execute_update_with_start_workflow(
                    "open",
                    asked,
                    result_type=RefundView,
                    start_workflow_operation=start,
                    id=f"open/{asked.refund_id}",
                    rpc_timeout=ANSWER_PATIENCE,
                )
            )
        except TemporalAway:
            await self._must_have_begun(asked.refund_id)
            return None

    async def _must_have_begun(self, refund_id: str) -> None:
        """A call that brought no answer may have ended before Temporal knew of the refund."""
        run = self._temporal.get_workflow_handle(identity.refund_workflow_id(refund_id))
        try:
            await run.describe(rpc_timeout=ANSWER_PATIENCE)
        except (RPCError, RuntimeError) as error:
            raise TemporalAway(AWAY) from error

    async def tell(self, fact: RefundTold) -> None:
        """Durable once this returns: the workflow has it, or a new run, which finds the record finished, begins."""
        start = RefundStart(None, fact.refund_id, fact.order_id)
        await self._signal(start, "provider_told", fact, RefundStage.PAYING_BACK)

    async def hear(self, asked: RefundAsked, fact: PlatformTold) -> None:
        """The same, of a marketplace: any of its messages may be the first one, so each one says what is asked."""
        await self._signal(RefundStart(asked), "platform_told", fact, RefundStage.AWAITING_APPROVAL)

    async def _signal(
        self, start: RefundStart, signal: str, fact: RefundTold | PlatformTold, stage: RefundStage
    ) -> None:
        try:
            async with asyncio.timeout(ALL_CALLS_SECONDS):  # the client would try for longer by itself
                await self._temporal.start_workflow(
                    RefundWorkflow.run,
                    start,
                    id=identity.refund_workflow_id(fact.refund_id),
                    task_queue=identity.REFUNDS,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    start_signal=signal,
                    start_signal_args=[fact],
                    static_summary=f"refund of {fact.order_id}",
                    search_attributes=identity.search_attributes(fact.order_id, stage),
                    rpc_timeout=ANSWER_PATIENCE,
                )
        except (RPCError, TimeoutError, RuntimeError) as error:
            raise TemporalAway(AWAY) from error

    async def act(self, refund_id: str, command: ApprovalCommand) -> RefundView:
        """Raises ApprovalRefused with the sentence that says why, ApprovalChanged for what looked different."""
        return await self._told(refund_id, "act", command)

    async def send_goods(self, fact: GoodsSent) -> RefundView:
        """The buyer has sent the goods back. Raises ApprovalRefused where none are awaited."""
        return await self._told(fact.refund_id, "send_goods", fact)

    async def assess(self, fact: ReturnAssessed) -> RefundView:
        """What is taken off for damage. Raises ApprovalRefused where nothing is to be assessed."""
        return await self._told(fact.refund_id, "assess", fact)

    async def _told(self, refund_id: str, update: str, said: Said) -> RefundView:
        handle = self._temporal.get_workflow_handle_for(RefundWorkflow.run, identity.refund_workflow_id(refund_id))
        try:
            return await told(
                lambda: handle.execute_update(
                    update, said, id=_update_id(said), rpc_timeout=ANSWER_PATIENCE, result_type=RefundView
                )
            )
        except NobodyRuns:
            raise ApprovalRefused("this refund has ended: nothing is to be decided") from None
        except WorkflowUpdateFailedError as refused:
            cause = refused.cause
            if not isinstance(cause, ApplicationError):
                raise ApprovalRefused(str(cause)) from refused
            changed = cause.type == ApprovalChanged.__name__
            raise (ApprovalChanged if changed else ApprovalRefused)(cause.message) from refused


def _update_id(command: Said) -> str:
    """The same deed of the same person on the same version is one update, however often it is sent."""
    return hashlib.sha256(json.dumps(asdict(command), sort_keys=True).encode()).hexdigest()
