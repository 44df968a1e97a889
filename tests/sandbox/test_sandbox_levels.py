"""The pretend shop's level board: whom it believes, what it shows, how it misbehaves."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from sandbox.pace import now
from tests.sandbox.town_under_test import Scene, in_process, over_sockets

LEVELS: list[dict[str, Any]] = [{"platform_sku": "TEA-CUP", "available": 5, "version": 10}]


async def tell(
    scene: Scene, content: Any, *, age: int = 0, secret: str | None = None, shop: str = "tea"
) -> httpx.Response:
    """Signed by code apart from the sandbox's own, with a foreign signature first."""
    body = json.dumps(content).encode()
    key = base64.b64decode((secret or scene.town.world.accounts.shop_secret).removeprefix("whsec_"))
    timestamp = int(now().timestamp()) - age
    made = base64.b64encode(hmac.digest(key, f"m-1.{timestamp}.".encode() + body, hashlib.sha256)).decode()
    headers = {"webhook-id": "m-1", "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,b2xk v1,{made}"}
    return await scene.http.put(f"/shop/{shop}/stock", content=body, headers=headers)


async def shown(scene: Scene) -> dict[str, int]:
    return {each["platform_sku"]: each["available"] for each in (await scene.dump())["shop"]["levels"]}


async def test_it_shows_the_newest_of_what_it_is_told() -> None:
    async with in_process() as scene:
        for available, version in ((5, 10), (7, 12), (6, 11), (9, 12)):
            told = [{"platform_sku": "TEA-CUP", "available": available, "version": version}]
            assert (await tell(scene, told)).status_code == 204
        assert await shown(scene) == {"TEA-CUP": 7}
        assert scene.town.shop.level_board.dropped == 2
        calls = (await scene.dump())["shop"]["level_calls"]
        assert [(call["webhook_id"], call["status"]) for call in calls] == [("m-1", 204)] * 4


@pytest.mark.parametrize("age", [301, -301])
async def test_it_does_not_believe_what_is_not_of_now(age: int) -> None:
    async with in_process() as scene:
        assert (await tell(scene, LEVELS, age=age)).status_code == 401
        assert await shown(scene) == {}


async def test_it_does_not_believe_strangers_or_nonsense() -> None:
    async with in_process() as scene:
        stranger = "whsec_" + base64.b64encode(b"x" * 32).decode()
        assert (await tell(scene, LEVELS, secret=stranger)).status_code == 401
        assert (await scene.http.put("/shop/tea/stock", json=LEVELS)).status_code == 401
        wrongs: tuple[Any, ...] = ({}, [{}], [LEVELS[0] | {"available": -1}], [LEVELS[0] | {"version": "new"}])
        for wrong in wrongs:
            assert (await tell(scene, wrong)).status_code == 400
        assert await shown(scene) == {}


async def test_each_shop_has_a_board_of_its_own() -> None:
    async with in_process() as scene:
        for shop, status in (("tea", 204), ("tools", 204), ("nobodys", 404)):
            assert (await tell(scene, LEVELS, shop=shop)).status_code == status
        levels = (await scene.dump())["shop"]["levels"]
        assert levels == [{"shop_id": shop, **LEVELS[0]} for shop in ("tea", "tools")]


async def test_it_can_be_out_or_broken_before_or_after_the_effect() -> None:
    async with in_process() as scene:
        await scene.control("faults", place="shop", fault="server_error", key="tea")
        assert (await tell(scene, LEVELS)).status_code == 500
        assert await shown(scene) == {}
        await scene.control("faults", place="shop", fault="late_error")
        assert (await tell(scene, LEVELS)).status_code == 500
        assert await shown(scene) == {"TEA-CUP": 5}
        await scene.control("faults", place="shop", fault="outage", seconds=60)
        assert (await tell(scene, [LEVELS[0] | {"version": 11, "available": 1}])).status_code == 503
        assert await shown(scene) == {"TEA-CUP": 5}


@pytest.mark.slow
async def test_it_can_hang_up_after_the_effect() -> None:
    async with over_sockets() as scene:
        await scene.control("faults", place="shop", fault="cut")
        with pytest.raises(httpx.RemoteProtocolError):
            await tell(scene, LEVELS)
        assert await shown(scene) == {"TEA-CUP": 5}
