"""The measured house over the tests' servers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.house import BenchHouse, open_shop_and_warehouse
from cli.demo_world import create_world
from runtime.embedded import EmbeddedTemporal
from runtime.embedded.port_choice import free_port
from runtime.local_house import LocalHouse
from tests.journeys.staging import KEY
from workflows import identity


@pytest.fixture
async def house(record_url: str, tmp_path: Path) -> AsyncIterator[BenchHouse]:
    create_world(tmp_path)
    async with EmbeddedTemporal.throwaway(ui=False, search_attributes=identity.SEARCH_ATTRIBUTES) as temporal:
        environment = {
            "DATABASE_URL": record_url,
            "TEMPORAL_ADDRESS": temporal.address,
            "LOCKSTEP_RECORD_KEY": KEY,
            "LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}",
        }
        local = LocalHouse(tmp_path, record_url, temporal.address, "", free_port(8000), environment)
        async with open_shop_and_warehouse(local) as opened:
            yield opened
