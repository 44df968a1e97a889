"""What is said to a refund's workflow by Temporal's client, where it may be lost on its way."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

Spoken = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
SPEAKING: ContextVar[Spoken | None] = ContextVar("speaking", default=None)
"""What happens around the call of whoever speaks now; nothing, where nothing was planned."""


def overheard(client: Client) -> Client:
    config = client.config()
    config["interceptors"] = [_Overhears()]
    return Client(**config)


class _Overhears(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Wire(next)


class _Wire(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's name
        start = super().start_workflow
        handle: WorkflowHandle[Any, Any] = await _spoken(lambda: start(input))
        return handle

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        signal = super().signal_workflow
        await _spoken(lambda: signal(input))

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        update = super().start_workflow_update
        handle: WorkflowUpdateHandle[Any] = await _spoken(lambda: update(input))
        return handle

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        """One after the other: the test server cannot do both at once."""
        start, update = super().start_workflow, super().start_workflow_update
        first, then = _parts(input)

        async def both() -> WorkflowUpdateHandle[Any]:
            await start(first)
            return await update(then)

        handle: WorkflowUpdateHandle[Any] = await _spoken(both)
        return handle


def _parts(both: StartWorkflowUpdateWithStartInput) -> tuple[StartWorkflowInput, StartWorkflowUpdateInput]:
    call: dict[str, Any] = {"rpc_metadata": both.rpc_metadata, "rpc_timeout": both.rpc_timeout}
    nothing: dict[str, Any] = {"start_signal": None, "start_signal_args": [], "request_eager_start": False}
    start = StartWorkflowInput(**vars(both.start_workflow_input), **nothing, **call)
    whose: dict[str, Any] = {"id": start.id, "run_id": None, "first_execution_run_id": None}
    return start, StartWorkflowUpdateInput(**vars(both.update_workflow_input), **whose, **call)


async def _spoken(call: Callable[[], Awaitable[Any]]) -> Any:
    speaking = SPEAKING.get()
    return await (call() if speaking is None else speaking(call))
