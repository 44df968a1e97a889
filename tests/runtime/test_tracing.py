"""Spans and ids: what they take along, what they never tell, and that there are none where tracing is off."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from temporalio.exceptions import ApplicationError

from adapters.http import exchange, open_client
from ports.errors import Unavailable
from runtime.trace_ids import ids
from runtime.tracing import TracedTransport, span, tracer_provider
from tests.spans import Spans, a_trace

SECRET = "proof-c0ffee"


class Outside:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.error: Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return httpx.Response(201, content=b"{}")


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def client(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(transport=TracedTransport(httpx.MockTransport(outside))) as client:
        yield client


async def test_an_outside_call_is_a_span_and_takes_the_trace_along(
    client: httpx.AsyncClient, outside: Outside, spans: Spans
) -> None:
    with a_trace() as trace:
        await exchange(client, "PUT", "http://warehouse.test/v1/orders/7", json={"name": SECRET})
    (call,) = spans.named("PUT warehouse.test")
    assert spans.traces("PUT warehouse.test") == [trace]
    assert call.kind is SpanKind.CLIENT
    assert call.context is not None
    assert outside.asked[0].headers["traceparent"] == f"00-{trace}-{call.context.span_id:016x}-01"


async def test_of_an_outside_call_neither_address_nor_headers_nor_body_are_told(
    client: httpx.AsyncClient, spans: Spans
) -> None:
    with a_trace():
        await exchange(
            client,
            "POST",
            f"http://user:{SECRET}@shop.test/{SECRET}",
            params={"token": SECRET},
            headers={"authorization": SECRET},
            json={"name": SECRET},
        )
    (call,) = spans.named("POST shop.test")
    assert call.attributes == {
        "http.request.method": "POST",
        "server.address": "shop.test",
        "http.response.status_code": 201,
    }
    assert SECRET not in call.to_json()


async def test_of_a_call_that_fails_its_kind_is_told(client: httpx.AsyncClient, outside: Outside, spans: Spans) -> None:
    outside.error = httpx.RemoteProtocolError(f"illegal header {SECRET}")
    with a_trace(), pytest.raises(Unavailable):
        await exchange(client, "GET", "http://warehouse.test/v1/stock")
    (call,) = spans.named("GET warehouse.test")
    assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, "RemoteProtocolError")
    assert SECRET not in call.to_json()
    assert call.events == ()


def test_of_our_own_errors_the_words_are_told_of_others_the_kind(spans: Spans) -> None:
    for error in (ApplicationError("the warehouse gave no answer"), ValueError(SECRET)):
        with pytest.raises(type(error)), span("step", {}):
            raise error
    assert [each.status.description for each in spans.named("step")] == ["the warehouse gave no answer", "ValueError"]


def test_ids_are_there_though_nobody_collects() -> None:
    assert ids() == ("", "")
    with a_trace() as outer:
        assert len(outer) == 32
        with span("inner", {}) as inner:
            assert not inner.is_recording()
            assert ids()[0] == outer
    with a_trace() as another:
        assert another != outer
    assert ids() == ("", "")


def test_without_an_exporter_nothing_is_recorded_and_with_one_all_of_it() -> None:
    kept = InMemorySpanExporter()
    for exporter, recorded in ((None, []), (kept, ["step"])):
        provider = tracer_provider(Resource.create({}), exporter)
        with provider.get_tracer("test").start_as_current_span("step") as step:
            assert step.get_span_context().is_valid
        provider.force_flush()
        assert [each.name for each in kept.get_finished_spans()] == recorded
        provider.shutdown()


@pytest.mark.parametrize(("setting", "expected"), [("true", "2 32"), ("false", "0 0")])
def test_one_setting_turns_tracing_off(setting: str, expected: str) -> None:
    """In a process of its own, because a process has one tracer provider for its whole life."""
    program = """
from runtime.config import Settings
from runtime.telemetry import traces
from runtime.trace_ids import ids
from runtime.tracing import plugins, span
with traces(Settings(), "test"), span("request", {}, begins_trace=True):
    print(len(plugins()), len(ids()[0]))
"""
    key = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    settings = {
        "DATABASE_URL": "postgresql://unused",
        "TEMPORAL_ADDRESS": "unused",
        "LOCKSTEP_RECORD_KEY": key,
        "LOCKSTEP_PAYLOAD_KEYS": f"test:{key}",
        "LOCKSTEP_TRACING": setting,
    }
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | settings,  # noqa: TID251 - a test gives its child an environment
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == expected
