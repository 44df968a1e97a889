"""A town and a Lockstep stub, wired together in one process or over loopback sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from sandbox.app import build
from sandbox.pace import Pace
from sandbox.server import server
from sandbox.town import Settings, Town
from sandbox.wechatpay.keys import Accounts as WechatPayAccounts
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.world import Accounts, World
from tests.sandbox.lockstep_stub import LockstepStub

PATIENCE = 20.0
RECIPIENT = {
    "name": "云小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "假想路 1 号",
}


@cache
def a_world() -> World:
    alipay, app, *wechatpay = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(5)]
    keys = WechatPayKeys(WechatPayAccounts.draw(), *wechatpay)
    return World(Accounts.draw(), alipay_private=alipay, app_private=app, wechatpay=keys)


class RecordingPace(Pace):
    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@dataclass
class Scene:
    town: Town
    stub: LockstepStub
    http: httpx.AsyncClient

    async def control(self, path: str, **wish: Any) -> Any:
        answer = await self.http.post(f"/control/{path}", json=wish)
        assert answer.is_success, answer.text
        return answer.json()

    async def dump(self) -> Any:
        return (await self.http.get("/control/dump")).json()

    async def push(self, reference: str, key: str = "k", **content: Any) -> httpx.Response:
        lines = [{"line_id": "1", "sku": "TEA-GREEN-250", "quantity": 2}]
        order = {"recipient": RECIPIENT, "lines": lines, "note": ""} | content
        return await self.warehouse("PUT", f"outbound-orders/{reference}", key, json=order)

    async def warehouse(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        token = self.town.world.accounts.warehouse_token
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        return await self.http.request(method, f"/warehouse/v1/{path}", headers=headers, **more)


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def in_process(time_scale: float = 6000) -> AsyncIterator[Scene]:
    stub = LockstepStub(a_world())
    settings = Settings(["http://lockstep"], "shop-token", time_scale, httpx.ASGITransport(stub.app))
    app = build(a_world(), settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
        yield Scene(app.state.town, stub, http)
    await app.state.town.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The base URL of `app` on a free port."""
    running = server(app, port=0)
    task = asyncio.create_task(running.serve())
    await until(lambda: running.started)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        await task


@asynccontextmanager
async def over_sockets(time_scale: float = 600) -> AsyncIterator[Scene]:
    stub = LockstepStub(a_world())
    async with served(stub.app) as first, served(stub.app) as second:
        app = build(a_world(), Settings([first, second], "shop-token", time_scale))
        async with served(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
            yield Scene(app.state.town, stub, http)
        assert len(app.state.town.crew) == 0
