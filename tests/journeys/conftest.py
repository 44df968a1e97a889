"""The whole house over real sockets: API, workers, Postgres, Temporal, and the pretend world outside."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import open_house, workers
from sandbox import world as sandbox_world
from tests.journeys.staging import Stage, api_server, bound_socket, open_outside, serving, settings_for, url_of
from workflows import identity

__all__ = ["Stage"]


@pytest.fixture
async def temporal() -> AsyncIterator[EmbeddedTemporal]:
    """A server for each test: what one leaves running must not write into the record of the next."""
    async with EmbeddedTemporal.throwaway(ui=False, search_attributes=identity.SEARCH_ATTRIBUTES) as server:
        yield server


@pytest.fixture(scope="session")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    sandbox_world.create(folder)
    return folder


@pytest.fixture
async def stage(record_url: str, temporal: EmbeddedTemporal, world_folder: Path) -> AsyncIterator[Stage]:
    """Everything started anew on a fresh record; time runs sixty times as fast."""
    async with open_stage(record_url, temporal, world_folder) as (played_on, stack):
        for worker in workers(played_on.house):
            await stack.enter_async_context(worker)
        yield played_on


@asynccontextmanager
async def open_stage(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path, **changes: Any
) -> AsyncIterator[tuple[Stage, AsyncExitStack]]:
    """All but the workers, which may be entered into the stack; `changes` of settings."""
    async with AsyncExitStack() as stack:
        api_socket, outside_socket = bound_socket(), bound_socket()
        settings = settings_for(record_url, temporal.address, world_folder, url_of(outside_socket), **changes)
        house = await stack.enter_async_context(open_house(settings))
        api = await stack.enter_async_context(serving(api_server(create_app(house)), api_socket))
        yield await stack.enter_async_context(open_outside(house, world_folder, outside_socket, [api])), stack
