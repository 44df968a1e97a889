"""The whole house over real sockets: API, workers, Postgres, Temporal, and the pretend world outside."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from api.app import create_app
from domain.limits import Limits
from persistence import access
from runtime.config import AlipayAccountSettings, Settings
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import House, open_house, workers
from sandbox import world as sandbox_world
from sandbox.app import build
from sandbox.server import server as sandbox_server
from sandbox.town import Settings as TownSettings
from sandbox.town import Town
from workflows import identity

KEY = base64.b64encode(b"k" * 32).decode()
SCOPES = ("orders:write", "orders:read", "cases:read", "cases:write")
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[EmbeddedTemporal]:
    keys = [identity.CHANNEL, identity.SHOP, identity.STAGE, identity.NEEDS_ATTENTION]
    async with EmbeddedTemporal.throwaway(ui=False, search_attributes=keys) as server:
        yield server


@pytest.fixture(scope="session")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    sandbox_world.create(folder)
    return folder


def bound_socket() -> socket.socket:
    """A free port, taken: its number can be told before anybody serves it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def url_of(taken: socket.socket) -> str:
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


@asynccontextmanager
async def serving(server: uvicorn.Server, taken: socket.socket) -> AsyncIterator[str]:
    """The server's base URL, once it answers."""
    task = asyncio.create_task(server.serve(sockets=[taken]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield url_of(taken)
    finally:
        server.should_exit = True
        await task


def api_server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))


@dataclass
class Stage:
    """What a journey plays on. `shop` speaks to Lockstep with the shop's token, `outside` to the pretend world."""

    house: House
    town: Town
    shop: httpx.AsyncClient
    outside: httpx.AsyncClient

    async def control(self, path: str, **wish: Any) -> Any:
        answer = await self.outside.post(f"/control/{path}", json=wish)
        assert answer.is_success, answer.text
        return answer.json()

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.house.engine.connect() as db:
            return list(await db.execute(text(sql), values))

    async def value(self, sql: str, **values: Any) -> Any:
        return (await self.rows(sql, **values))[0][0]

    async def stage_of(self, order_no: str) -> str | None:
        found = await self.rows("select stage from orders where order_no = :n", n=order_no)
        return found[0][0] if found else None

    async def until(self, holds: Callable[[], Awaitable[object]], what: str = "") -> None:
        """Wait for an effect; the limit is patience, not a measurement."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():
                await asyncio.sleep(0.05)

    async def until_stage(self, order_no: str, *stages: str) -> None:
        async def reached() -> bool:
            return await self.stage_of(order_no) in stages

        await self.until(reached, f"{order_no} {stages}")


def _settings(record_url: str, temporal: EmbeddedTemporal, world: Path, outside: str) -> Settings:
    accounts = json.loads((world / "world.json").read_text())
    return Settings(
        database_url=record_url,
        temporal_address=temporal.address,
        record_key=KEY,
        payload_keys=f"test:{KEY}",
        alipay_accounts=(
            AlipayAccountSettings(
                name="main",
                app_id=accounts["app_id"],
                seller_id=accounts["seller_id"],
                alipay_public_key_files=(world / "alipay_public.pem",),
                app_private_key_file=world / "app_private.pem",
                gateway_url=f"{outside}/alipay/gateway.do",
            ),
        ),
        warehouse_url=f"{outside}/warehouse",
        warehouse_token=accounts["warehouse_token"],
        warehouse_secrets=accounts["warehouse_secret"],
        time_scale=60,
        limits=replace(Limits(), completes_after_delivery=timedelta(minutes=1)),
    )


@pytest.fixture
async def stage(record_url: str, temporal: EmbeddedTemporal, world_folder: Path) -> AsyncIterator[Stage]:
    """Everything started anew on a fresh record; time runs sixty times as fast."""
    async with AsyncExitStack() as stack:
        api_socket, outside_socket = bound_socket(), bound_socket()
        settings = _settings(record_url, temporal, world_folder, url_of(outside_socket))
        house = await stack.enter_async_context(open_house(settings))
        async with house.engine.begin() as db:
            secret = await access.create_token(db, "shop tea", SCOPES, house.clock.now())
        api = await stack.enter_async_context(serving(api_server(create_app(house)), api_socket))
        world = sandbox_world.World.load(world_folder)
        app = build(world, TownSettings(lockstep=[api], api_token=secret, time_scale=60))
        outside = await stack.enter_async_context(serving(sandbox_server(app, 0), outside_socket))
        for worker in workers(house):
            await stack.enter_async_context(worker)
        headers = {"Authorization": f"Bearer {secret}"}
        shop = await stack.enter_async_context(httpx.AsyncClient(base_url=api, headers=headers, timeout=10))
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=outside, timeout=10))
        yield Stage(house, app.state.town, shop, control)
