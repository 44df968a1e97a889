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
from runtime.embedded.server import EmbeddedServer
from workflows import identity

START_LIMIT_SECONDS = 60.0
ROOT = Path(__file__).parent.parent


class NotEmpty(Exception):
    """A demo begins with clean data, and does not clear somebody else's."""


@dataclass
class LocalHouse:
    """`environment` is what each of our programs gets. `servers`: those that are ours to kill, none that others run."""

    folder: Path
    database_url: str
    temporal_address: str
    temporal_ui_url: str
    api_port: int
    environment: dict[str, str] = field(default_factory=dict)
    servers: dict[str, EmbeddedServer] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def api(self, changes: Mapping[str, str] | None = None) -> Child:
        """`changes` to its environment, such as another way to Temporal."""
        arguments = ("-m", "uvicorn", "--factory", "api.app:create_app", "--host", "127.0.0.1")
        quiet = ("--port", str(self.api_port), "--no-access-log", "--no-proxy-headers", "--log-level", "warning")
        return Child("api", (*arguments, *quiet), {**self.environment, **(changes or {})}, self.folder)

    def worker(self, name: str = "worker") -> Child:
        """Several at a time need names of their own: each has its log."""
        return Child(name, (str(ROOT / "worker.py"),), self.environment, self.folder)


@asynccontextmanager
async def open_local_house(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[LocalHouse]:
    """Servers started over clean data in `folder`, the schema migrated; `settings` are more LOCKSTEP_ variables.

    Raises NotEmpty when DATABASE_URL holds orders.
    """
    async with AsyncExitStack() as stack:
        servers: dict[str, EmbeddedServer] = {}
        database_url = os.environ.get("DATABASE_URL", "")
        if not database_url:
            servers["postgres"] = postgres = EmbeddedPostgres(folder)
            await _begin(stack, postgres)
            database_url = postgres.url
        address, ui_url = os.environ.get("TEMPORAL_ADDRESS", ""), os.environ.get("LOCKSTEP_TEMPORAL_UI_URL", "")
        if not address:
            servers["temporal"] = temporal = EmbeddedTemporal(
                folder, ui_port=free_port(8233), search_attributes=identity.SEARCH_ATTRIBUTES
            )
            await _begin(stack, temporal)
            address, ui_url = temporal.address, temporal.ui_url or ""
        await _prepare(database_url)
        house = LocalHouse(folder, database_url, address, ui_url, free_port(8000), servers=servers)
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


async def _begin(stack: AsyncExitStack, server: EmbeddedServer) -> None:
    await server.erase()
    await stack.enter_async_context(server)


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
