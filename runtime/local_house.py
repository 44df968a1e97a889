"""The whole house on one machine, as processes: Postgres, Temporal, API, worker. For demo, drills and benchmarks.

Postgres and Temporal are embedded unless DATABASE_URL and TEMPORAL_ADDRESS name others.
"""

import asyncio
import base64
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from persistence import queries
from persistence.engine import connect
from persistence.migrate import migrate
from runtime.child import Child
from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal
from runtime.embedded.port_choice import free_port
from workflows import identity

START_LIMIT_SECONDS = 60.0
ROOT = Path(__file__).parent.parent


class NotEmpty(Exception):
    """A demo begins with clean data, and does not clear somebody else's."""


@dataclass
class LocalHouse:
    """`environment` is what each of our programs gets; `api_url` answers once `serve_api` returned."""

    folder: Path
    database_url: str
    temporal_address: str
    temporal_ui_url: str
    api_port: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def api(self) -> Child:
        arguments = ("-m", "uvicorn", "--factory", "api.app:create_app", "--host", "127.0.0.1")
        quiet = ("--port", str(self.api_port), "--no-access-log", "--no-proxy-headers", "--log-level", "warning")
        return Child("api", (*arguments, *quiet), self.environment, self.folder)

    def worker(self, name: str = "worker") -> Child:
        """Several at a time need names of their own: each has its log."""
        return Child(name, (str(ROOT / "worker.py"),), self.environment, self.folder)


@asynccontextmanager
async def open_local_house(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[LocalHouse]:
    """Servers started over clean data in `folder`, the schema migrated; `settings` are more LOCKSTEP_ variables.

    Raises NotEmpty when DATABASE_URL holds orders.
    """
    async with AsyncExitStack() as stack:
        database_url = os.environ.get("DATABASE_URL") or await _postgres(stack, folder)
        address, ui_url = os.environ.get("TEMPORAL_ADDRESS", ""), os.environ.get("LOCKSTEP_TEMPORAL_UI_URL", "")
        if not address:
            address, ui_url = await _temporal(stack, folder)
        await _prepare(database_url)
        house = LocalHouse(folder, database_url, address, ui_url, free_port(8000))
        house.environment = {
            "DATABASE_URL": database_url,
            "TEMPORAL_ADDRESS": address,
            "LOCKSTEP_TEMPORAL_UI_URL": ui_url,
            "LOCKSTEP_PUBLIC_URL": house.api_url,
            "LOCKSTEP_RECORD_KEY": _fresh_key(),
            "LOCKSTEP_PAYLOAD_KEYS": f"local:{_fresh_key()}",
            **settings,
        }
        yield house


async def _postgres(stack: AsyncExitStack, folder: Path) -> str:
    server = EmbeddedPostgres(folder)
    await server.erase()
    await stack.enter_async_context(server)
    return server.url


async def _temporal(stack: AsyncExitStack, folder: Path) -> tuple[str, str]:
    server = EmbeddedTemporal(folder, ui_port=free_port(8233), search_attributes=identity.SEARCH_ATTRIBUTES)
    await server.erase()
    await stack.enter_async_context(server)
    return server.address, server.ui_url or ""


async def _prepare(database_url: str) -> None:
    engine = connect(database_url)
    try:
        await migrate(engine)
        async with engine.connect() as db:
            if await queries.any_order(db):
                raise NotEmpty("the database of DATABASE_URL holds orders: give an empty one, the demo clears nothing")
    finally:
        await engine.dispose()


def _fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


async def until_ready(url: str, child: Child) -> None:
    """Wait until GET `url` answers 200. Raises ChildFailed when the program ends first, TimeoutError after a minute."""
    async with asyncio.timeout(START_LIMIT_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            child.must_run()
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
