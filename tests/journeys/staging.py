"""What journeys are played on: real sockets, our settings for the pretend world, and the stage itself."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from temporalio.service import RPCError, RPCStatusCode

from domain.limits import Limits
from domain.reference import OrderId
from persistence import access
from runtime.config import AlipayAccountSettings, Settings, WechatPayAccountSettings
from runtime.wiring import House
from sandbox.app import build
from sandbox.faults import Fault, Place
from sandbox.server import server as sandbox_server
from sandbox.town import Settings as TownSettings
from sandbox.town import Town
from sandbox.world import World
from tests.journeys.names import InHisName
from tests.journeys.notices import SECOND_ACCOUNT, Pen
from workflows import identity

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="  # 32 bytes
SCOPES = (
    "orders:write",
    "orders:read",
    "cases:read",
    "cases:write",
    "people:read",
    "people:write",
    "policies:read",
    "policies:write",
    "money:read",
    "money:write",
)
PATIENCE_SECONDS = 60.0
TIME_SCALE = 60
FORM = "application/x-www-form-urlencoded"
SHORT_LIVED = httpx.Limits(keepalive_expiry=1)  # servers close what idles for 5 s, perhaps just when it is used again


def bound_socket() -> socket.socket:
    """A free port, taken: its number can be told before anybody serves it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def url_of(taken: socket.socket) -> str:
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def eventually(holds: Callable[[], Awaitable[object]], what: str = "", seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for an effect; the limit is patience, not a measurement. TimeoutError says what never came."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                if await holds():
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"not within {seconds} s: {what}") from None


@asynccontextmanager
async def serving(server: uvicorn.Server, taken: socket.socket) -> AsyncIterator[str]:
    """The server's base URL, once it answers."""

    async def started() -> bool:
        return server.started

    task = asyncio.create_task(server.serve(sockets=[taken]))
    await eventually(started, "a server that answers")
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
    pen: Pen

    async def control(self, path: str, **wish: Any) -> Any:
        answer = await self.outside.post(f"/control/{path}", json=wish)
        assert answer.is_success, answer.text
        return answer.json()

    async def notify(self, body: bytes, content_type: str = FORM, url: str | None = None) -> httpx.Response:
        """Post a payment notice as Alipay does: without a token."""
        where = url or str(self.shop.base_url)
        async with httpx.AsyncClient(base_url=where, timeout=15, trust_env=False) as alipay:
            return await alipay.post("/webhooks/alipay", content=body, headers={"Content-Type": content_type})

    def pace(self, scale: float) -> None:
        """How many times as fast as real time the outside moves from now on; our own limits stay."""
        self.town.courier.pace.scale = scale

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.house.engine.connect() as db:
            return list(await db.execute(text(sql), values))

    async def value(self, sql: str, **values: Any) -> Any:
        return (await self.rows(sql, **values))[0][0]

    async def stage_of(self, order_no: str) -> str | None:
        found = await self.rows("select stage from orders where order_no = :n", n=order_no)
        return found[0][0] if found else None

    async def verdicts(self, message_id: str) -> list[tuple[str, str | None]]:
        """What was made of each copy of one message, the oldest first: verdict and reason."""
        rows = await self.rows(
            "select verdict, reason from inbound_events where message_id = :id order by id", id=message_id
        )
        return [(row.verdict, row.reason) for row in rows]

    async def cases(self) -> list[tuple[str, str | None]]:
        """Every case there ever was: cause and order."""
        rows = await self.rows("select cause, order_id from cases order by opened_at, cause")
        return [(row.cause, row.order_id) for row in rows]

    async def has_workflow(self, order_no: str, shop_id: str = "tea") -> bool:
        workflow_id = identity.order_workflow_id(OrderId("shop", shop_id, order_no))
        try:
            await self.house.temporal.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def until(self, holds: Callable[[], Awaitable[object]], what: str = "") -> None:
        await eventually(holds, what)

    async def until_value(self, wanted: object, sql: str, *, seconds: float = PATIENCE_SECONDS, **values: Any) -> None:
        async def reached() -> bool:
            return bool(await self.value(sql, **values) == wanted)

        await eventually(reached, f"{wanted} = {sql}", seconds)

    async def until_stage(self, order_no: str, *stages: str) -> None:
        async def reached() -> bool:
            return await self.stage_of(order_no) in stages

        try:
            await eventually(reached, f"{order_no} {stages}")
        except TimeoutError as late:
            raise TimeoutError(f"{late}; it is {await self.stage_of(order_no)}") from None

    async def silent_payment(self, order_no: str, shop_id: str = "tea", **wish: Any) -> Any:
        """A trade that the buyer paid and of which nobody told; the answer is the trade."""
        out_trade_no = f"{shop_id}_{order_no}"
        await self.control("faults", place=Place.TRADE, fault=Fault.NO_NOTICE, key=out_trade_no)
        return await self.control("payments", out_trade_no=out_trade_no, **wish)


def settings_for(record_url: str, temporal_address: str, world: Path, outside: str, **changes: Any) -> Settings:
    """Ours, for the world of that folder. Time runs sixty times as fast; a second account at Alipay is ours, too."""
    accounts = json.loads((world / "world.json").read_text())
    keys: dict[str, Any] = {
        "alipay_public_key_files": (world / "alipay_public.pem",),
        "app_private_key_file": world / "app_private.pem",
        "gateway_url": f"{outside}/alipay/gateway.do",
    }
    main = {"app_id": accounts["app_id"], "seller_id": accounts["seller_id"]}
    usual: dict[str, Any] = {
        "database_url": record_url,
        "temporal_address": temporal_address,
        "record_key": KEY,
        "payload_keys": f"test:{KEY}",
        "alipay_accounts": (
            AlipayAccountSettings(name="main", **main, **keys),
            AlipayAccountSettings(name="tools", **SECOND_ACCOUNT, **keys),  # called as the one at WeChat Pay is
        ),
        "wechatpay_accounts": (wechatpay_account(world, f"{outside}/wechatpay"),),
        "warehouse_url": f"{outside}/warehouse",
        "warehouse_token": accounts["warehouse_token"],
        "warehouse_secrets": accounts["warehouse_secret"],
        "shop_listeners": [
            {"shop_id": shop_id, "stock_url": f"{outside}/shop/{shop_id}/stock", "secrets": accounts["shop_secret"]}
            for shop_id in ("tea", "tools")
        ],
        "bazaar_shops": [
            {
                "shop_id": "tea",
                "api_url": f"{outside}/bazaar/v1",
                "token": accounts["bazaar_token"],
                "secrets": accounts["bazaar_secret"],
            }
        ],
        "news": {
            "gateway_url": f"{outside}/sms",
            "token": accounts["sms_token"],
            "quiet_from": "00:00",
            "quiet_until": "00:00",
            "digest": "PT1M",
        },
        "time_scale": TIME_SCALE,
        "limits": replace(Limits(), completes_after_delivery=timedelta(minutes=1)),
    }
    return Settings(**(usual | changes))


def wechatpay_account(world: Path, api_url: str) -> WechatPayAccountSettings:
    """Both keys of the world's WeChat Pay are valid, before and after it changes from one to the other."""
    accounts = json.loads((world / "wechatpay.json").read_text())
    return WechatPayAccountSettings(
        name="tools",
        mchid=accounts["mchid"],
        app_ids=(accounts["app_id"],),
        platform_key_files={
            accounts["public_key_id"]: world / "wechatpay_key_public.pem",
            accounts["certificate_serial"]: world / "wechatpay_certificate.pem",
        },
        api_v3_key_files=(world / "wechatpay_api_v3_key.txt",),
        merchant_serial=accounts["merchant_serial"],
        merchant_private_key_file=world / "merchant_private.pem",
        api_url=api_url,
    )


@asynccontextmanager
async def open_outside(
    house: House, world_folder: Path, taken: socket.socket, apis: Sequence[str]
) -> AsyncIterator[Stage]:
    """The pretend world on that port; it speaks to Lockstep at `apis` in turn, the shop's client to the first."""
    async with AsyncExitStack() as stack:
        async with house.engine.begin() as db:
            secret = await access.create_token(db, "shop tea", SCOPES, house.clock.now())
        world = World.load(world_folder)
        app = build(world, TownSettings(lockstep=apis, api_token=secret, time_scale=TIME_SCALE))
        outside = await stack.enter_async_context(serving(sandbox_server(app, 0), taken))
        shop = await stack.enter_async_context(
            httpx.AsyncClient(base_url=apis[0], auth=InHisName(house, secret), timeout=10, limits=SHORT_LIVED)
        )
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=outside, timeout=10, limits=SHORT_LIVED))
        yield Stage(house, app.state.town, shop, control, Pen(world))
