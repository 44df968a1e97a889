"""Tracing as every process of ours has it: ids always, spans only while a test listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from temporalio.contrib.opentelemetry import create_tracer_provider

from runtime.trace_ids import ids
from runtime.tracing import span


class Listening(Sampler):
    on = False

    def should_sample(self, *asked: Any, **more: Any) -> SamplingResult:
        return (ALWAYS_ON if self.on else ALWAYS_OFF).should_sample(*asked, **more)

    def get_description(self) -> str:
        return "while a test listens"


class Spans:
    """What was told, in the order in which it ended."""

    def __init__(self, kept: InMemorySpanExporter) -> None:
        self._kept = kept

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self._kept.get_finished_spans() if each.name == name]

    def traces(self, name: str) -> list[str]:
        """The trace of each span of this name."""
        return [trace.format_trace_id(each.context.trace_id) for each in self.named(name) if each.context]


_sampler = Listening()
_kept = InMemorySpanExporter()


@pytest.fixture(scope="session", autouse=True)
def tracing() -> None:
    """A process has one tracer provider for its whole life."""
    provider = create_tracer_provider(sampler=_sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(_kept))
    trace.set_tracer_provider(provider)


@pytest.fixture
def spans() -> Iterator[Spans]:
    _kept.clear()
    _sampler.on = True
    yield Spans(_kept)
    _sampler.on = False
    _kept.clear()


@contextmanager
def a_trace() -> Iterator[str]:
    """As each request begins one; the answer is its id."""
    with span("request", {}, begins_trace=True):
        yield ids()[0]
