"""What the shop shows follows what can be sold: over the wire, through outages, and when the sender dies."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.limits import Limits
from persistence import stock
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import workers
from sandbox.faults import Fault, Place
from tests.journeys.conftest import open_stage
from tests.journeys.orders import AT_WAREHOUSE, cancel, paid, placed
from tests.journeys.programs import local_house, running_worker
from tests.journeys.staging import Stage, eventually

pytestmark = pytest.mark.slow

GREEN, CUP, BOX = "TEA-GREEN-250", "CUP-WHITE", "TEA-GIFTBOX"


@pytest.fixture
async def impatient(record_url: str, temporal: EmbeddedTemporal, world_folder: Path) -> AsyncIterator[Stage]:
    """A stage on which a shop that takes no level for a second is a case."""
    limits = replace(Limits(), levels_late=timedelta(minutes=1), levels_longest_pause=timedelta(seconds=10))
    async with open_stage(record_url, temporal, world_folder, limits=limits) as (stage, stack):
        for worker in workers(stage.house):
            await stack.enter_async_context(worker)
        yield stage


async def until_shown(stage: Stage, **wanted: int) -> None:
    levels = {sku.replace("_", "-"): units for sku, units in wanted.items()}

    async def is_shown() -> bool:
        board = stage.town.shop.level_board.levels["tea"]
        return all(sku in board and board[sku].available == units for sku, units in levels.items())

    await eventually(is_shown, f"{levels} at the shop", seconds=90)


async def set_level(stage: Stage, sku: str, units: int) -> None:
    async with stage.house.engine.begin() as db:
        await stock.set_level(db, sku, units)


async def test_the_shop_shows_what_each_step_of_an_order_leaves_to_be_sold(stage: Stage) -> None:
    stage.pace(1)  # the warehouse takes minutes to pack
    await until_shown(stage, TEA_GREEN_250=1000, TEA_GIFTBOX=500, TEA_CUP=1000)
    await set_level(stage, GREEN, 101)
    await placed(stage, "2001")
    await paid(stage, "2001")
    await stage.until_stage("2001", AT_WAREHOUSE)
    await until_shown(stage, TEA_GREEN_250=99, TEA_GIFTBOX=99, CUP_WHITE=1000)
    await cancel(stage, "2001")
    await until_shown(stage, TEA_GREEN_250=101, TEA_GIFTBOX=101)
    assert stage.town.shop.level_board.dropped == 0


async def test_a_shop_that_breaks_off_or_is_out_is_told_in_the_end_and_is_a_case_meanwhile(impatient: Stage) -> None:
    stage = impatient
    await until_shown(stage, TEA_GREEN_250=1000)
    for fault in (Fault.CUT, Fault.SERVER_ERROR, Fault.LATE_ERROR):
        await stage.control("faults", place=Place.SHOP, fault=fault, key="tea")
    await set_level(stage, GREEN, 50)
    await until_shown(stage, TEA_GREEN_250=50)
    await stage.control("faults", place=Place.SHOP, fault=Fault.OUTAGE, seconds=600)
    await set_level(stage, GREEN, 40)
    open_cases = "select count(*) from cases where cause = 'levels_not_pushed' and settled_at is null"
    await stage.until_value(1, open_cases)
    await set_level(stage, CUP, 30)
    stage.town.shop.level_board.door.shut(0)
    await until_shown(stage, TEA_GREEN_250=40, TEA_GIFTBOX=15, CUP_WHITE=30)
    await stage.until_value(0, open_cases)
    (case,) = await stage.rows("select order_id, subject, owner, last_error, decided_by from cases")
    assert (case.order_id, case.subject, case.owner, case.decided_by) == (None, "shop/tea", "operations", "outbox")
    assert "/shop/tea/stock: answered 503" in case.last_error
    await stage.until_value(0, "select count(*) from untold_levels")


@pytest.mark.timeout(180)
async def test_when_the_worker_is_killed_another_one_goes_on_and_nothing_is_lost(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path, tmp_path: Path
) -> None:
    async with open_stage(record_url, temporal, world_folder) as (stage, _):
        house = local_house(stage.house.settings, tmp_path)
        async with running_worker(house) as worker:
            await until_shown(stage, TEA_GREEN_250=1000)
            await stage.control("faults", place=Place.SHOP, fault=Fault.OUTAGE, seconds=600)
            await set_level(stage, GREEN, 70)
            await stage.until_value(True, "select count(*) >= 2 from untold_levels")  # taken, and nobody listens
            await worker.kill()
        await set_level(stage, CUP, 60)  # while nobody is there
        stage.town.shop.level_board.door.shut(0)
        async with running_worker(house):
            await until_shown(stage, TEA_GREEN_250=70, TEA_GIFTBOX=30, CUP_WHITE=60)
            await stage.until_value(0, "select count(*) from outbox where sent_at is null")
