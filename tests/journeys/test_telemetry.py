"""What real programs tell of an order: its traces and metrics, under ids and names that people can rely on."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from api.tracking_links import signed_link
from domain.reference import OrderId
from runtime.embedded import EmbeddedTemporal
from runtime.local_house import LocalHouse
from runtime.metric_names import METRICS, SERIES, TEMPORAL_SERIES
from runtime.wiring import open_house
from sandbox.faults import Fault, Place
from tests.cli.conftest import CommandLine
from tests.journeys.collector import Collector, collecting
from tests.journeys.names import InHisName
from tests.journeys.orders import ON_ITS_WAY, RECIPIENT, paid, placed
from tests.journeys.programs import local_house, running_api, running_worker
from tests.journeys.staging import Stage, bound_socket, eventually, open_outside, settings_for, url_of

pytestmark = pytest.mark.slow

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
OFTEN = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # milliseconds between two deliveries of spans
ONLY_NOTICES_TELL = {"LOCKSTEP_LIMITS": '{"ask_provider_after": "PT12H"}'}  # however slow the machine is
STEPS = ("records.record_payment", "records.record_push")
AT_THE_EDGE = ("POST /webhooks/{provider}", "evidence", "signal payment_settled")
OUTSIDE = ("warehouse.push", "PUT 127.0.0.1")
STRANGER = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Programs:
    """An API and a worker as processes, the pretend world around them, and whoever listens to what they tell."""

    stage: Stage
    collector: Collector
    metrics: dict[str, str]  # address by program; those of the Temporal SDK under `temporal`
    folder: Path

    async def samples(self, program: str) -> Samples:
        async with httpx.AsyncClient(trust_env=False) as prometheus:
            text = (await prometheus.get(f"http://{self.metrics[program]}/metrics")).text
        families = text_string_to_metric_families(text)
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    async def until_sample(self, program: str, wanted: float, name: str, **labels: str) -> None:
        async def reached() -> bool:
            return (await self.samples(program)).get((name, frozenset(labels.items()))) == wanted

        await eventually(reached, f"{name} {labels} = {wanted} of {program}")

    async def paid_and_pushed(self, order_no: str) -> None:
        await placed(self.stage, order_no)
        await paid(self.stage, order_no)
        await self.stage.until_stage(order_no, *ON_ITS_WAY)

    async def until_span(self, name: str, order_no: str) -> Span:
        async def told() -> bool:
            return any(self.of_order(order_no, name))

        await eventually(told, f"a span {name} of {order_no}")
        return self.of_order(order_no, name)[-1]

    def of_order(self, order_no: str, name: str) -> list[Span]:
        workflow_id = f"order/shop/tea/{order_no}"
        told = [span for _, span in self.collector.spans if span.name == name]
        return [span for span in told if attribute(span, "lockstep.workflow_id") == workflow_id]

    async def has_told(self, name: str) -> bool:
        return any(span.name == name for _, span in self.collector.spans)

    def logged(self, program: str, trace_id: str) -> set[tuple[str, str]]:
        """Logger and message of each line that bears this trace id."""
        lines = [json.loads(line) for line in (self.folder / f"{program}.log").read_text().splitlines()]
        return {(line["logger"], line["message"]) for line in lines if line.get("trace_id") == trace_id}

    async def story(self, trace_id: bytes) -> dict[str, tuple[str, Span]]:
        """Span name -> the program that told it, and the span; once all of a pushed order's are there."""
        found: dict[str, tuple[str, Span]] = {}

        async def whole() -> bool:
            of_trace = [each for each in self.collector.spans if each[1].trace_id == trace_id]
            found.update({span.name: (program, span) for program, span in of_trace})
            return found.keys() >= {*AT_THE_EDGE, *STEPS, *OUTSIDE}

        await eventually(whole, "every span of the trace")
        return found


def attribute(span: Span, name: str) -> str:
    return next((each.value.string_value for each in span.attributes if each.key == name), "")


def free_address() -> str:
    with bound_socket() as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
async def programs(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path, tmp_path: Path, collector: Collector
) -> AsyncIterator[Programs]:
    async with AsyncExitStack() as stack:
        outside = bound_socket()
        settings = settings_for(record_url, temporal.address, world_folder, url_of(outside))
        house = local_house(settings, tmp_path)
        metrics = {name: free_address() for name in ("api", "worker", "temporal")}
        told = {"LOCKSTEP_OTLP_ENDPOINT": collector.endpoint, **OFTEN, **ONLY_NOTICES_TELL}
        api = {**told, "LOCKSTEP_METRICS_ADDRESS": metrics["api"]}
        worker = {
            **told,
            "LOCKSTEP_METRICS_ADDRESS": metrics["worker"],
            "LOCKSTEP_TEMPORAL_METRICS_ADDRESS": metrics["temporal"],
        }
        await stack.enter_async_context(running_api(with_settings(house, api)))
        await stack.enter_async_context(running_worker(with_settings(house, worker)))
        reader = await stack.enter_async_context(open_house(settings))
        stage = await stack.enter_async_context(open_outside(reader, world_folder, outside, [house.api_url]))
        yield Programs(stage, collector, metrics, tmp_path)


def with_settings(house: LocalHouse, more: dict[str, str]) -> LocalHouse:
    return replace(house, environment=house.environment | more)


async def test_an_order_shows_in_the_metrics_of_the_programs_it_went_through(programs: Programs) -> None:
    await programs.paid_and_pushed("4001")
    accepted = {"source": "alipay", "kind": "payment.notice", "verdict": "accepted", "reason": ""}
    await programs.until_sample("api", 1, "lockstep_messages_total", **accepted)
    acknowledged = {"method": "POST", "route": "/webhooks/{provider}", "status": "200"}
    await programs.until_sample("api", 1, "lockstep_request_seconds_count", **acknowledged)
    await programs.until_sample("worker", 1, "lockstep_orders_placed_total", channel="shop", shop="tea")
    await programs.until_sample("worker", 1, "lockstep_notice_to_paid_seconds_count")
    await programs.until_sample("worker", 1, "lockstep_paid_to_warehouse_seconds_count", attended="no")
    await programs.until_sample("worker", 1, "lockstep_attempts_total", step="warehouse.push", outcome="done")
    await programs.until_sample("api", 1, "lockstep_queue_pollers", queue="warehouse")
    for program in ("api", "worker"):
        await programs.until_sample(program, 1, "lockstep_look_worked", at="record")
        await programs.until_sample(program, 0, "lockstep_cases_open", cause="push_failed")
        assert {name for name, _ in await programs.samples(program)} <= SERIES
    assert {name for name, _ in await programs.samples("temporal")} >= TEMPORAL_SERIES
    await eventually(lambda: told_to(programs.collector), "our metrics at the collector")


async def told_to(collector: Collector) -> bool:
    names = {each.name.removesuffix("_total") for each in METRICS}
    assert collector.metric_names <= names
    return bool(collector.metric_names)


async def test_a_notice_and_what_it_causes_are_one_trace_from_the_edge_to_the_warehouse(programs: Programs) -> None:
    await programs.paid_and_pushed("4002")
    recorded = await programs.until_span("records.record_push", "4002")
    story = await programs.story(recorded.trace_id)
    request, signal = story["POST /webhooks/{provider}"][1], story["signal payment_settled"][1]
    assert not request.parent_span_id
    assert {story[name][1].parent_span_id for name in ("evidence", "signal payment_settled")} == {request.span_id}
    for step in (*STEPS, "warehouse.push"):
        program, told = story[step]
        assert (program, told.parent_span_id) == ("lockstep-worker", signal.span_id)
        assert told.end_time_unix_nano > told.start_time_unix_nano
    push, call = story["warehouse.push"][1], story["PUT 127.0.0.1"][1]
    assert attribute(push, "lockstep.transaction_id") == "order/shop/tea/4002/push"
    assert call.parent_span_id == push.span_id

    order = await programs.until_span("records.place", "4002")
    assert order.trace_id != recorded.trace_id
    assert [link.trace_id for link in recorded.links] == [order.trace_id]
    assert [link.trace_id for link in order.links] == []

    await one_command_shows_it(programs, order.trace_id.hex(), recorded.trace_id.hex())


async def one_command_shows_it(programs: Programs, order: str, notice: str) -> None:
    """`lockstep trace`, without a collector: the ids of the audit log and of both programs' log lines."""
    lockstep = CommandLine({"DATABASE_URL": programs.stage.house.settings.database_url})
    told = await lockstep.data("trace", "shop/tea/4002")
    steps = {each["trace_id"]: [at["what"] for at in each["happenings"]] for each in told["traces"]}
    assert steps[order] == ["order.placed", "place"]
    assert steps[notice] == ["payment.notice", "record_payment", "record_push"]
    durations = [told[name] for name in ("notice_to_paid", "paid_to_warehouse", "notice_to_warehouse")]
    assert all(each > 0 for each in durations)
    assert durations[2] == pytest.approx(durations[0] + durations[1])

    audited = await programs.stage.rows("select step, trace_id from audit_log where trace_id = :id", id=notice)
    assert {entry.step for entry in audited} == {"record_payment", "record_push"}
    assert ("lockstep.messages", "payment.notice accepted") in programs.logged("api", notice)
    assert ("lockstep.attempts", "warehouse.push done") in programs.logged("worker", notice)


async def test_failures_are_told_by_their_kind_and_nothing_is_told_that_is_nobodys_business(programs: Programs) -> None:
    """Nor does anybody outside choose our trace ids."""
    stage = programs.stage
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.CUT, key="shop.tea.4003")
    await programs.paid_and_pushed("4003")
    address = signed_link(stage.house.settings, OrderId("shop", "tea", "4003"))
    address = address.removeprefix(stage.house.settings.public_url)
    await stage.shop.get(address, headers={"traceparent": f"00-{STRANGER}-b7ad6b7169203331-01"})
    recorded = await programs.until_span("records.record_push", "4003")
    await eventually(lambda: programs.has_told("GET /track/{order_no}"), "a span of the tracking page")

    attempts = programs.of_order("4003", "warehouse.push")
    assert {each.trace_id for each in attempts} == {recorded.trace_id}
    assert [each.status.message for each in attempts if each.status.message]
    told = b"".join(programs.collector.raw)
    assert isinstance(stage.shop.auth, InHisName)
    secrets = [stage.shop.auth.shop_token, "proof=", address.partition("proof=")[2], STRANGER, *RECIPIENT.values()]
    assert [each for each in secrets if each.encode() in told] == []
    assert bytes.fromhex(STRANGER) not in told
