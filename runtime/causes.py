"""Which message caused which step: each step of an order belongs to the trace of a message, not to one endless trace.

A message's trace comes in the header of its signal or update, where OpenTelemetryPlugin finds and puts it. The step
that writes a message down continues the message's trace. Any other step continues the trace of the last message that
changed the order: a repeated notice takes nothing over. Beside it goes the trace in which the run began, for a link
back to the order. Headers are no part of what replay compares, and no workflow code knows of any of this.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.trace import Link, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

ORIGIN = "lockstep-origin"
_TRACEPARENT = TraceContextTextMapPropagator()


def link_to_order(headers: Mapping[str, Payload]) -> list[Link]:
    """For the span of a step: to where its order's run began, unless that is its own trace."""
    own = get_current_span().get_span_context()
    if ORIGIN not in headers or not own.trace_flags.sampled:
        return []
    carrier = PayloadConverter.default.from_payloads([headers[ORIGIN]])[0]
    origin = get_current_span(_TRACEPARENT.extract(carrier)).get_span_context()
    return [Link(origin)] if origin.is_valid and origin.trace_id != own.trace_id else []


def _packed(cause: Context) -> Payload | None:
    carrier: dict[str, str] = {}
    _TRACEPARENT.inject(carrier, cause)
    return PayloadConverter.default.to_payloads([carrier])[0] if carrier else None


class Causes(Interceptor):
    """Stands inside OpenTelemetryPlugin: what comes in has its trace attached, what goes out takes the attached one."""

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Listening


class _Known:
    """What one run knows of its messages."""

    def __init__(self) -> None:
        self.origin: Payload | None = None
        self._cause = Context()
        self._messages: dict[int, tuple[object, Context]] = {}  # held, so that no other object gets their id
        self._order: object = None

    def begin(self, headers: Mapping[str, Payload]) -> None:
        self._cause = context.get_current()
        self.origin = headers.get(ORIGIN) or _packed(self._cause)

    def hear(self, message: object) -> None:
        """One without a trace of its own belongs to whatever came before it."""
        if get_current_span().get_span_context().is_valid:
            self._messages[id(message)] = (message, context.get_current())

    def cause_of(self, step: object) -> Context:
        """`step` is a message as it came, or carries one (a decision), or is the workflow's own."""
        for said in (step, getattr(step, "decision", None)):
            if id(said) in self._messages:
                return self._messages[id(said)][1]
        return self._cause

    def took_effect(self, cause: Context, done: asyncio.Task[Any]) -> None:
        """Every step of the record answers with the order as it is now."""
        if not done.cancelled() and done.exception() is None and done.result() != self._order:
            self._order, self._cause = done.result(), cause


class _Listening(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        self._known = _Known()
        super().init(_Telling(outbound, self._known))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        self._known.begin(input.headers)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        self._known.hear(input.args[0])
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        self._known.hear(input.args[0])
        return await super().handle_update_handler(input)


class _Telling(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, known: _Known) -> None:  # noqa: A002
        super().__init__(next)
        self._known = known

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        return self._started(super().start_activity, input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        step = input.args[0]
        cause = self._known.cause_of(step)
        handle = self._started(super().start_local_activity, input)
        # Called before whoever awaits the handle goes on, so the next step knows already.
        handle.add_done_callback(lambda done: self._known.took_effect(cause, done))
        return handle

    def _started(self, start: Any, input: Any) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.headers = {**input.headers, **self._origin()}
        token = context.attach(self._known.cause_of(input.args[0]))
        try:
            handle: workflow.ActivityHandle[Any] = start(input)
            return handle
        finally:
            context.detach(token)

    def _origin(self) -> dict[str, Payload]:
        return {} if self._known.origin is None else {ORIGIN: self._known.origin}

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:  # noqa: A002
        input.headers = {**input.headers, **self._origin()}
        context.attach(self._known.cause_of(None))  # the run ends here, nothing has to be put back
        super().continue_as_new(input)
