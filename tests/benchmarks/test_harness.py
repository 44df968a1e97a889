"""The harness measures what it says: a few orders through the product and through each baseline."""

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from benchmarks.chain import Chains, run_chains
from benchmarks.checks import Lost, each_once
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import Figure
from benchmarks.house import BenchHouse
from benchmarks.report import print_report, write_latest

pytestmark = pytest.mark.slow

ORDERS = 3


async def test_product_and_baselines_take_the_same_notices_to_the_same_warehouse(house: BenchHouse) -> None:
    async with AsyncExitStack() as stack:
        contenders = [kind(house) for kind in CONTENDERS]
        for each in contenders:
            await stack.enter_async_context(each.serving())
        chains = {each.name: await run_chains(each, ORDERS) for each in contenders}
    for name, ran in chains.items():
        assert len(ran.reached) == ORDERS, name
        assert min(ran.reached.values()) > 0, name
        assert ran.total_cpu_ms > 0, name
    assert set(chains["product"].cpu_ms) == {"postgres", "temporal", "api", "worker"}
    assert await events(house, "order/shop/tea", chains["product"]) == await events(house, "floor", chains["floor"])


async def events(house: BenchHouse, prefix: str, chains: Chains) -> list[str]:
    """The history of one order, event by event: the floor must walk the product's own way.

    Has the product become cheaper? Then bring benchmarks/baselines/floor_order.py in step and renew the hash.
    """
    client = await Client.connect(house.local.temporal_address)
    history = await client.get_workflow_handle(f"{prefix}/{chains.sent[0].key}").fetch_history()
    return [EventType.Name(event.event_type) for event in history.events]


async def test_an_order_that_is_not_there_breaks_the_run(record: AsyncEngine) -> None:
    with pytest.raises(Lost, match="1 orders are not in the record"):
        await each_once(record, ["4711"])


def test_the_report_has_its_shape(tmp_path: Path) -> None:
    figure = Figure("F1", "chains", {"per_second": 1.5}, ">= 1", met=True, runs=[{"round": 1}], lines=["[x]"])
    file = tmp_path / "latest.json"
    write_latest([figure], file)
    other = Figure("F2", "cpu", {"cpu_ms": 2.0}, "<= 1", met=False, runs=[])
    write_latest([other], file)
    written = json.loads(file.read_text())
    assert written["F1"] == {"value": {"per_second": 1.5}, "goal": ">= 1", "met": True, "runs": [{"round": 1}]}
    assert written["F2"]["met"] is False
    console = Console(record=True, width=120)
    print_report(console, [figure, other], (0.5, 1.5))
    said = console.export_text()
    assert "F1  [x]" in said
    assert "load average 0.5 before, 1.5 after" in said
