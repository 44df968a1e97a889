"""docs/operations.md, stopping and restarting: whoever is told to stop finishes what it began, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from drill.real.gate import Gate
from runtime.child import Child
from runtime.embedded import EmbeddedTemporal
from runtime.local_house import LocalHouse, until_ready
from runtime.wiring import open_house
from sandbox.faults import Fault, Place
from tests.journeys.orders import order_body, send_order
from tests.journeys.programs import local_house
from tests.journeys.staging import Stage, bound_socket, eventually, open_outside, settings_for, url_of

pytestmark = pytest.mark.slow

ORDERS = range(6001, 6031)
HELD, IN_HAND = "6002", "6102"  # whose push waits for its answer, whose notice for Temporal
LOCKSTEP = ("-c", "from cli.main import main; main()")


@dataclass
class Fleet:
    """Two APIs and a worker as processes, a stage to play on, and a gate between the second API and Temporal."""

    stage: Stage
    houses: list[LocalHouse]
    apis: list[Child]
    workers: list[Child]
    gate: Gate
    stack: AsyncExitStack

    async def start_api(self, number: int) -> None:
        self.apis[number].start()
        await until_ready(f"{self.houses[number].api_url}/health/ready", self.apis[number])

    async def add_worker(self) -> None:
        """Returns when it serves."""
        worker = self.houses[0].worker(f"worker-{len(self.workers) + 1}")
        self.workers.append(worker)
        worker.start()
        self.stack.push_async_callback(worker.stop)

        async def serves() -> bool:
            worker.must_run()
            return "serving" in worker.log.read_text()

        await eventually(serves, "a worker that serves")

    def pushes(self, order_no: str) -> int:
        """How often the warehouse was asked to take this order."""
        calls = self.stage.town.warehouse.counter.calls
        return sum((call.verb, call.reference) == ("push", f"shop.tea.{order_no}") for call in calls)


@pytest.fixture
async def fleet(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path, tmp_path: Path
) -> AsyncIterator[Fleet]:
    outside = bound_socket()
    async with AsyncExitStack() as stack:
        settings = settings_for(record_url, temporal.address, world_folder, url_of(outside))
        gate = await stack.enter_async_context(Gate(temporal.address).standing())
        gated = settings.model_copy(update={"temporal_address": gate.address})
        houses = [local_house(each, tmp_path / name) for each, name in ((settings, "one"), (gated, "two"))]
        apis = [
            Child("api", (*LOCKSTEP, "api", "--port", str(house.api_port)), house.environment, house.folder)
            for house in houses
        ]
        for api in apis:
            stack.push_async_callback(api.stop)
        reader = await stack.enter_async_context(open_house(settings))
        stage = await stack.enter_async_context(
            open_outside(reader, world_folder, outside, [house.api_url for house in houses])
        )
        fleet = Fleet(stage, houses, apis, [], gate, stack)
        await asyncio.gather(fleet.start_api(0), fleet.start_api(1), fleet.add_worker())
        yield fleet
        gate.open()


async def trade(stage: Stage) -> None:
    for number in ORDERS:
        await stage.control("orders", order_no=str(number), seed=number)
        await stage.control("payments", out_trade_no=f"tea_{number}")


async def replace_worker(fleet: Fleet) -> None:
    """The old one is told to stop while it waits for the answer to a push; the new one serves before."""

    async def asked() -> bool:
        return f"shop.tea.{HELD}" in fleet.stage.town.warehouse.counter.unanswered

    await fleet.stage.until(asked, "a push that waits for its answer")
    await fleet.add_worker()
    assert await fleet.workers[0].stop() == 0
    assert fleet.pushes(HELD) == 1, "it did not hear the answer"


async def replace_api(fleet: Fleet) -> None:
    """The second is told to stop while a notice in its hands waits for Temporal."""
    stage = fleet.stage
    await send_order(stage, order_body(stage, IN_HAND))
    fleet.gate.shut()
    asked = asyncio.create_task(
        stage.notify(stage.pen.notice(f"tea_{IN_HAND}", f"T{IN_HAND}"), url=fleet.houses[1].api_url)
    )
    await stage.until(lambda: stage.verdicts(f"notice-of-T{IN_HAND}"), "evidence of the notice")
    stopping = asyncio.create_task(fleet.apis[1].stop())
    await asyncio.sleep(0)
    fleet.gate.open()
    answer = await asked
    assert (answer.status_code, answer.text) == (200, "success")
    assert await stopping == 0
    await fleet.start_api(1)


async def test_workers_and_apis_are_replaced_under_load_and_nothing_is_lost(fleet: Fleet) -> None:
    stage = fleet.stage
    await stage.control("stock", levels={"CUP-WHITE": 10_000})
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.DELAY, key=f"shop.tea.{HELD}", seconds=4)
    trading = asyncio.create_task(trade(stage))
    await replace_worker(fleet)
    await replace_api(fleet)
    assert await fleet.apis[0].stop() == 0
    await fleet.start_api(0)
    await trading
    orders = [*map(str, ORDERS), IN_HAND]
    await stage.until_value(len(orders), "select count(*) from outbound_orders where outbound_no is not null")
    assert await stage.value("select count(*) from payments where matched") == len(orders)
    assert await stage.value("select count(*) from ledger_entries where kind = 'captured'") == len(orders)
    assert {fleet.pushes(order_no) for order_no in orders} == {1}
    assert await stage.cases() == []
