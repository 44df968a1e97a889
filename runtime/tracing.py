"""Spans and trace ids. Each incoming message begins a trace; what it causes, in any process, continues it.

Spans tell no person and no secret: of an error its kind, of an address the host. Where nobody collects spans their ids
are there all the same, so that log lines and the audit log name them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, ReplaySafeTracerProvider, create_tracer_provider
from temporalio.exceptions import ApplicationError
from temporalio.plugin import SimplePlugin

from runtime.causes import Causes

_TRACER = trace.get_tracer("lockstep")
_TRACEPARENT = TraceContextTextMapPropagator()


def tracer_provider(resource: Resource, exporter: SpanExporter | None) -> ReplaySafeTracerProvider:
    """Without an exporter nothing is recorded. With one, OTEL_TRACES_SAMPLER decides what is; all of it by default."""
    sampler = ALWAYS_OFF if exporter is None else None
    provider = create_tracer_provider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def is_on() -> bool:
    return isinstance(trace.get_tracer_provider(), ReplaySafeTracerProvider)


def plugins() -> list[SimplePlugin]:
    """For every client and replayer; a worker has those of its client. None while this process does no tracing."""
    if not is_on():
        return []
    return [OpenTelemetryPlugin(), SimplePlugin("LockstepCauses", interceptors=[Causes()])]


@contextmanager
def span(
    name: str,
    about: Mapping[str, AttributeValue],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] = (),
    begins_trace: bool = False,
) -> Iterator[Span]:
    """A failure tells its kind only: its words may quote anything. Those of an attempt are our own, and told."""
    with _TRACER.start_as_current_span(
        name,
        Context() if begins_trace else None,
        kind,
        about,
        links,
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield begun
        except BaseException as error:
            begun.set_status(StatusCode.ERROR, _words(error))
            raise


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, ApplicationError) else type(error).__name__


class TracedTransport(httpx.AsyncBaseTransport):
    """Each outside call is a span, and takes the trace along. Its address may hold secrets: the host must do."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        about = {"http.request.method": request.method, "server.address": request.url.host}
        with span(f"{request.method} {request.url.host}", about, kind=SpanKind.CLIENT) as call:
            _TRACEPARENT.inject(request.headers)
            response = await self._inner.handle_async_request(request)
            call.set_attribute("http.response.status_code", response.status_code)
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()
