"""The pretend gateway: whom it believes, what it delivers, and that an id is delivered once."""

from typing import Any

import httpx

from sandbox.faults import Fault, Place
from tests.sandbox.town_under_test import Scene, in_process

MESSAGE = {"audience": "customer", "to": "13900000001", "text": "退款已退回"}


async def put(scene: Scene, message_id: str = "m1", token: str | None = None, **changed: Any) -> httpx.Response:
    token = token or scene.town.world.accounts.sms_token
    headers = {"Authorization": f"Bearer {token}"}
    return await scene.http.put(f"/sms/messages/{message_id}", json=MESSAGE | changed, headers=headers)


async def test_a_message_is_delivered_once_however_often_it_is_asked_for() -> None:
    async with in_process() as scene:
        assert [(await put(scene)).status_code for _ in range(2)] == [204, 204]
        assert (await put(scene, text="another")).status_code == 409
        ledger = (await scene.dump())["sms"]
    assert [each["id"] for each in ledger["delivered"]] == ["m1"]
    assert [each["status"] for each in ledger["calls"]] == [204, 204, 409]
    assert "13900000001" not in str(ledger)


async def test_strangers_and_nonsense_are_refused() -> None:
    async with in_process() as scene:
        assert (await put(scene, token="other")).status_code == 401
        assert (await put(scene, to="")).status_code == 422
        assert (await put(scene, audience="everybody")).status_code == 422
        assert (await scene.dump())["sms"]["delivered"] == []


async def test_it_can_break_off_after_it_delivered_and_be_out() -> None:
    async with in_process() as scene:
        await scene.control("faults", place=Place.SMS, fault=Fault.LATE_ERROR, key="m1")
        assert (await put(scene)).status_code == 500
        await scene.control("faults", place=Place.SMS, fault=Fault.OUTAGE, seconds=60)
        assert (await put(scene, "m2")).status_code == 503
        delivered = (await scene.dump())["sms"]["delivered"]
    assert [each["id"] for each in delivered] == ["m1"]
