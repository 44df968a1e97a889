"""The demo's outside: the pretend world as a program beside us, and what the record must know of its shops."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter

from domain.limits import Limits
from persistence import access, shops, stock
from persistence.engine import Connection
from ports.clock import SystemClock
from runtime.child import Child
from runtime.embedded.port_choice import free_port

TIME_SCALE = 60
PACKING_MINUTES = ("45", "75")  # no warehouse ships within minutes: most parcels leave after the hour
RETURN_MINUTES = ("5", "10")  # days in earnest
SHOP = shops.Shop("shop", "tea", "teahouse", "Tea shop", "alipay", "main")
TOOL_SHOP = shops.Shop("shop", "tools", "toolworks", "Tool shop", "wechatpay", "tools")
SKUS = ("TEA-GREEN-250", "TEA-BLACK-250", "TEA-OOLONG-100", "TEA-PUER-357", "TEA-JASMINE-100", "TEA-CUP")
TOOLS = ("TOOL-HAMMER", "TOOL-SAW", "TOOL-PLIERS", "TOOL-DRILL", "TOOL-GLOVES")
GIFT_BOX = (("TEA-GREEN-250", 1, 68), ("TEA-BLACK-250", 1, 72), ("TEA-CUP", 2, 14))
UNITS = 100_000


@dataclass
class World:
    """The pretend providers, warehouse and shops, on a port of their own."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        """The LOCKSTEP_ variables that let Lockstep speak with this world."""
        accounts = json.loads((self.folder / "world.json").read_text())
        account = {
            "name": SHOP.account,
            "app_id": accounts["app_id"],
            "seller_id": accounts["seller_id"],
            "alipay_public_key_files": [str(self.folder / "alipay_public.pem")],
            "app_private_key_file": str(self.folder / "app_private.pem"),
            "gateway_url": f"{self.url}/alipay/gateway.do",
        }
        listeners = [
            {
                "shop_id": shop.shop_id,
                "stock_url": f"{self.url}/shop/{shop.shop_id}/stock",
                "secrets": accounts["shop_secret"],
            }
            for shop in (SHOP, TOOL_SHOP)
        ]
        night = {"quiet_from": "00:00", "quiet_until": "00:00"}  # the demo may be played at any hour
        news = {"gateway_url": f"{self.url}/sms", "token": accounts["sms_token"], **night}
        limits = Limits(completes_after_delivery=timedelta(minutes=10))
        return {
            "LOCKSTEP_ALIPAY_ACCOUNTS": json.dumps([account]),
            "LOCKSTEP_WECHATPAY_ACCOUNTS": json.dumps([self._wechatpay_account()]),
            "LOCKSTEP_WAREHOUSE_URL": f"{self.url}/warehouse",
            "LOCKSTEP_WAREHOUSE_TOKEN": accounts["warehouse_token"],
            "LOCKSTEP_WAREHOUSE_SECRETS": accounts["warehouse_secret"],
            "LOCKSTEP_SHOP_LISTENERS": json.dumps(listeners),
            "LOCKSTEP_NEWS": json.dumps(news),
            "LOCKSTEP_TIME_SCALE": str(TIME_SCALE),
            "LOCKSTEP_LIMITS": TypeAdapter(Limits).dump_json(limits).decode(),
        }

    def _wechatpay_account(self) -> dict[str, object]:
        """Both keys of WeChat Pay: in the middle of the hour it changes from its certificate to its public key."""
        accounts = json.loads((self.folder / "wechatpay.json").read_text())
        return {
            "name": TOOL_SHOP.account,
            "mchid": accounts["mchid"],
            "app_ids": [accounts["app_id"]],
            "platform_key_files": {
                accounts["public_key_id"]: str(self.folder / "wechatpay_key_public.pem"),
                accounts["certificate_serial"]: str(self.folder / "wechatpay_certificate.pem"),
            },
            "api_v3_key_files": [str(self.folder / "wechatpay_api_v3_key.txt")],
            "merchant_serial": accounts["merchant_serial"],
            "merchant_private_key_file": str(self.folder / "merchant_private.pem"),
            "api_url": f"{self.url}/wechatpay",
        }

    def program(self, lockstep_url: str, token: str) -> Child:
        arguments = ("-m", "sandbox", "serve", "--dir", str(self.folder), "--port", str(self.port))
        towards = ("--lockstep", lockstep_url, "--api-token", token, "--time-scale", str(TIME_SCALE))
        packing = ("--packing", *PACKING_MINUTES)
        returns = ("--returns", *RETURN_MINUTES)
        return Child("world", (*arguments, *towards, *packing, *returns), {}, self.folder.parent)

    async def ask(self, path: str, wish: dict[str, Any] | None = None) -> Any:
        """GET, or POST where there is a wish."""
        async with httpx.AsyncClient(base_url=f"{self.url}/control", trust_env=False, timeout=30) as client:
            answer = await (client.get(path) if wish is None else client.post(path, json=wish))
            answer.raise_for_status()
            return answer.json()


def create_world(folder: Path) -> World:
    """Its keys and accounts; they stay from run to run."""
    world = World(folder / "world", free_port(8100))
    command = [sys.executable, "-m", "sandbox", "keys", "--dir", str(world.folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    return world


async def open_shop(db: Connection) -> str:
    """The entities, their shops and goods; the shops' token is the answer."""
    now = SystemClock().now()
    for shop, entity, skus in ((SHOP, "Tea House Ltd", SKUS), (TOOL_SHOP, "Tool Works Ltd", TOOLS)):
        await shops.add_entity(db, shop.entity_id, entity, "Asia/Shanghai")
        await shops.add_shop(db, shop)
        for sku in skus:
            await stock.set_level(db, sku, UNITS)
            await stock.add_match(db, (shop.channel, shop.shop_id, sku), [_component(sku, 1, 1)], now)
    box = [_component(*each) for each in GIFT_BOX]
    await stock.add_match(db, ("shop", "tea", "TEA-GIFTBOX"), box, now)
    scopes = ("orders:write", "orders:read", "cases:read", "cases:write")
    return await access.create_token(db, "demo", scopes, now)


def _component(sku: str, quantity: int, price_weight: int) -> dict[str, object]:
    return {"sku": sku, "quantity": quantity, "price_weight": price_weight}
