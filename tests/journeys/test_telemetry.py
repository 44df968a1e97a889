"""What real programs tell of one order: metrics to Prometheus and to a collector, under names that boards rely on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from runtime.embedded import EmbeddedTemporal
from runtime.local_house import LocalHouse
from runtime.metric_names import SERIES, TEMPORAL_SERIES
from runtime.wiring import open_house
from tests.journeys.collector import Collector, collecting
from tests.journeys.orders import ON_ITS_WAY, placed
from tests.journeys.programs import local_house, running_api, running_worker
from tests.journeys.staging import Stage, bound_socket, eventually, open_outside, settings_for, url_of

pytestmark = pytest.mark.slow

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Programs:
    """An API and a worker as processes, the pretend world around them, and whoever listens to what they tell."""

    stage: Stage
    collector: Collector
    metrics: dict[str, str]  # address by program; those of the Temporal SDK under `temporal`

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
        told = {"LOCKSTEP_OTLP_ENDPOINT": collector.endpoint}
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
        yield Programs(stage, collector, metrics)


def with_settings(house: LocalHouse, more: dict[str, str]) -> LocalHouse:
    return replace(house, environment=house.environment | more)


async def test_an_order_shows_in_the_metrics_of_the_programs_it_went_through(programs: Programs) -> None:
    await programs.stage.control("orders", order_no="4001")
    await programs.stage.control("payments", out_trade_no="tea_4001")
    await programs.stage.until_stage("4001", *ON_ITS_WAY)

    accepted = {"source": "alipay", "kind": "payment.notice", "verdict": "accepted", "reason": ""}
    await programs.until_sample("api", 1, "lockstep_messages_total", **accepted)
    acknowledged = {"method": "POST", "route": "/webhooks/alipay", "status": "200"}
    await programs.until_sample("api", 1, "lockstep_request_seconds_count", **acknowledged)
    await programs.until_sample("worker", 1, "lockstep_orders_placed_total", channel="shop", shop="tea")
    await programs.until_sample("worker", 1, "lockstep_notice_to_paid_seconds_count")
    await programs.until_sample("worker", 1, "lockstep_paid_to_warehouse_seconds_count", attended="no")
    await programs.until_sample("worker", 1, "lockstep_attempts_total", step="warehouse.push", outcome="done")
    for program in ("api", "worker"):
        shown = {name for name, _ in await programs.samples(program) if name.startswith("lockstep_")}
        assert shown <= SERIES
    sdk = {name for name, _ in await programs.samples("temporal")}
    assert sdk >= TEMPORAL_SERIES


async def test_gauges_show_how_things_stand_seen_from_the_api_too(programs: Programs) -> None:
    await placed(programs.stage, "4002")
    for program in ("api", "worker"):
        await programs.until_sample(program, 1, "lockstep_look_worked", at="record")
        await programs.until_sample(program, 1, "lockstep_look_worked", at="temporal")
        await programs.until_sample(program, 0, "lockstep_cases_open", cause="push_failed")
    await programs.until_sample("api", 1, "lockstep_queue_pollers", queue="warehouse")
