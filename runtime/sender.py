"""The one sender is started by whichever worker can carry it out; where it runs already, nothing happens."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker

from domain.limits import Limits
from workflows import identity
from workflows.messages import SenderTurn
from workflows.outbox import OutboxWorkflow


async def start_sender(temporal: Client, limits: Limits) -> None:
    await temporal.start_workflow(
        OutboxWorkflow.run,
        SenderTurn(limits.levels_told_anew),
        id=identity.outbox_workflow_id(),
        task_queue=identity.ORDERS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


class StartsTheSender(SimplePlugin):
    """Beside its worker, not before it: the SDK waits for ever for the end of a worker that never ran."""

    def __init__(self, limits: Limits) -> None:
        super().__init__("lockstep.sender")
        self._limits = limits

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:  # noqa: A002 - the SDK's name
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(start_sender(worker.client, self._limits))
                await next(worker)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
