"""What a process tells of itself, put up and taken down in one place. Where nobody listens it costs next to nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from opentelemetry import metrics as global_metrics
from opentelemetry import trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, start_http_server
from temporalio.contrib.opentelemetry import ReplaySafeMeterProvider
from temporalio.runtime import LoggingConfig, LoggingFormat, PrometheusConfig, Runtime, TelemetryConfig

from runtime.config import Settings
from runtime.metrics import UNCOLLECTED, Metrics
from runtime.starting import WrongSettings
from runtime.tracing import is_on, tracer_provider

SEND_LIMIT_SECONDS = 3.0  # a collector that is away must not hold up the end of a process
SEND_EVERY_SECONDS = 15.0


@contextmanager
def telemetry(settings: Settings, program: str) -> Iterator[Metrics]:
    """Once in a process, before it speaks with Temporal. `program` is its name to the outside: `api`, `worker`.

    Raises WrongSettings when an address can't be served.
    """
    with ExitStack() as stack:
        _start_runtime(settings.temporal_metrics_address)
        stack.enter_context(traces(settings, program))
        readers = _readers(stack, settings)
        if not readers:
            yield UNCOLLECTED
            return
        provider = MeterProvider(readers, _resource(program), shutdown_on_exit=False)
        stack.callback(provider.shutdown)
        safe = ReplaySafeMeterProvider(provider)
        global_metrics.set_meter_provider(safe)
        yield Metrics(safe.get_meter("lockstep"))


@contextmanager
def traces(settings: Settings, program: str) -> Iterator[None]:
    """Tracing alone, for a command that only passes by; nothing new where it is on already."""
    if not settings.tracing or is_on():
        yield
        return
    exporter = None
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - most processes need none
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=SEND_LIMIT_SECONDS)
    provider = tracer_provider(_resource(program), exporter)
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def _resource(program: str) -> Resource:
    return Resource.create({"service.name": f"lockstep-{program}", "service.namespace": "lockstep"})


def _start_runtime(address: str) -> None:
    """The one runtime of this process, for all its clients and workers; its log lines are JSON like ours."""
    prometheus = PrometheusConfig(address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True)
    logging = LoggingConfig(filter=LoggingConfig.default.filter, format=LoggingFormat.JSON)
    told = TelemetryConfig(logging=logging, metrics=prometheus if address else None)
    try:
        Runtime.set_default(Runtime(telemetry=told))
    except ValueError as taken:
        raise WrongSettings(f"no metrics can be served at {address}: {taken}") from taken


def _readers(stack: ExitStack, settings: Settings) -> list[MetricReader]:
    readers: list[MetricReader] = []
    if settings.metrics_address:
        registry = CollectorRegistry()
        readers.append(PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=registry))
        _serve(stack, settings.metrics_address, registry)
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415 - most processes need none
            OTLPMetricExporter,
        )

        exporter = OTLPMetricExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/metrics", timeout=SEND_LIMIT_SECONDS)
        readers.append(PeriodicExportingMetricReader(exporter, SEND_EVERY_SECONDS * 1000, SEND_LIMIT_SECONDS * 1000))
    return readers


def _serve(stack: ExitStack, address: str, registry: CollectorRegistry) -> None:
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host, registry)
    except OSError as taken:
        raise WrongSettings(f"no metrics can be served at {address}: {taken.strerror}") from taken
    stack.callback(thread.join)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
