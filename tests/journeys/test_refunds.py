"""Refunds over HTTP: opened or refused with the maximum, decided once, paid back once, withdrawn, and shown."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person, Post
from persistence.people import save_people
from sandbox.faults import Fault, Place
from tests.journeys.orders import AT_WAREHOUSE, all_else_holds, paid, placed
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

ORDER_NO = "8001"
ALL = {"units": [{"line_id": "1", "quantity": 2}], "shipping_minor": 800}
ONE = {"units": [{"line_id": "1", "quantity": 1}]}
WAYBILL = {"by": "ann", "carrier": "sf", "waybill_no": "SF-B1000"}
STAFF = (Person("fang", "Fang", (Post(FINANCE_MANAGER),)), Person("lin", "Lin", (Post(SUPPORT_SUPERVISOR),), "fang"))


async def ask(stage: Stage, key: str, **wish: Any) -> httpx.Response:
    body = {"shop_id": "tea", "order_no": ORDER_NO, "reason": "damaged", "applicant": "ann", "note": "破了", **wish}
    return await stage.shop.post("/refunds", json=body, headers={"Idempotency-Key": key})


async def decide(stage: Stage, refund: str, verb: str, by: str, **more: Any) -> httpx.Response:
    body = {"verb": verb, "by": by, "version": 1, "task": 0, **more}
    return await stage.shop.post(f"/refunds/{refund}/decisions", json=body)


async def shown(stage: Stage, refund: str) -> dict[str, Any]:
    found: dict[str, Any] = (await stage.shop.get(f"/refunds/{refund}")).json()
    return found


async def arrived(stage: Stage) -> None:
    stage.pace(600)
    await placed(stage, ORDER_NO)
    assert "not paid in full" in (await ask(stage, "too early", **ONE)).json()["detail"]
    await paid(stage, ORDER_NO)
    await stage.until_stage(ORDER_NO, "delivered", "completed")
    await staffed(stage)


async def staffed(stage: Stage) -> None:
    async with stage.house.engine.begin() as db:
        await save_people(db, STAFF, "test", stage.house.clock.now(), seen={})


async def until(stage: Stage, refund: str, wanted: str) -> None:
    await stage.until_value(wanted, "select stage from refunds where id = :id", id=refund)


async def everybody_is_told_once(stage: Stage) -> None:
    """Although the gateway failed once, and once broke off after it had delivered."""
    await stage.until_value(0, "select count(*) from news where sent_at is null")
    told = await stage.rows("select topic, audience, sending from news order by written_at")
    assert [(each.topic, each.audience) for each in told] == [
        ("refund_opened", "customer"),
        ("to_sign", "staff"),
        ("refund_paid_back", "customer"),
    ]
    gateway = stage.town.sms
    assert set(gateway.delivered) == {each.sending for each in told}
    assert len(gateway.calls) == len(told) + 2


async def test_a_refund_is_opened_decided_once_and_paid_back_once(stage: Stage, record_url: str) -> None:
    await arrived(stage)
    for fault in (Fault.SERVER_ERROR, Fault.CUT):
        await stage.control("faults", place=Place.SMS, fault=fault)
    opened = await ask(stage, "k1", **ALL)
    assert (opened.status_code, opened.json()["stage"]) == (202, "awaiting_approval"), opened.text
    assert (await ask(stage, "k1", **ALL)).json() == opened.json(), "the same request is the same refund"
    assert (await ask(stage, "k1", **ONE)).status_code == 422
    refused = await ask(stage, "k2", **ONE)
    assert (refused.status_code, refused.json()["title"]) == (422, "refund refused")
    assert refused.json()["detail"] == "line 1: at most 0 can still go back, 0.00 CNY"
    refund = opened.json()["refund"]

    strange = await decide(stage, refund, "approve", "somebody")
    assert (strange.status_code, strange.json()["detail"]) == (409, "this task is lin's")
    early = await decide(stage, refund, "approve", "lin", version=2)
    assert "changed meanwhile" in early.json()["detail"]
    clicks = await asyncio.gather(
        decide(stage, refund, "approve", "lin"), decide(stage, refund, "approve", "lin", reason="another tab")
    )
    assert sorted(each.status_code for each in clicks) == [200, 409]
    await stage.until_value("paid_back", "select stage from refunds where id = :id", id=refund)
    for click in clicks:  # the same again, long after the refund's workflow has ended
        again = await stage.shop.post(click.request.url.path, json=json.loads(click.request.content))
        assert again.status_code == click.status_code, again.text
    found = await shown(stage, refund)
    assert (found["paid_back_minor"], found["approval"]["policy"]) == (14400, "refunds@0")
    (leg,) = found["legs"]
    assert (leg["out_refund_no"], leg["state"]) == (f"tea_{ORDER_NO}_{refund}_1", "done")
    assert await stage.value("select refunded_minor from order_money") == 14400
    late = await stage.shop.post(f"/refunds/{refund}/withdrawal", json={"by": "ann"})
    assert late.status_code == 409
    await everybody_is_told_once(stage)
    await all_else_holds(stage, record_url)


async def test_of_two_signers_in_the_same_moment_one_counts_and_who_saw_something_else_is_told(stage: Stage) -> None:
    await arrived(stage)
    async with stage.house.engine.begin() as db:
        wu = Person("wu", "Wu", (Post(SUPPORT_SUPERVISOR),), "fang")
        await save_people(db, (*STAFF, wu), "test", stage.house.clock.now(), seen={"lin": 1, "fang": 1})
    refund = (await ask(stage, "k1", **ONE)).json()["refund"]
    await until(stage, refund, "awaiting_approval")
    seen = await stage.shop.get(f"/refunds/{refund}")
    tasks = {each["signer"]: each["task"] for each in seen.json()["approval"]["tasks"]}
    assert set(tasks) == {"lin", "wu"}
    moved = await decide(stage, refund, "transfer", "wu", task=tasks["wu"], signer="fang")
    assert moved.status_code == 200, moved.text
    body = {"verb": "approve", "by": "lin", "version": 1, "task": tasks["lin"]}
    place = f"/refunds/{refund}/decisions"
    blind = await stage.shop.post(place, json=body, headers={"If-Match": seen.headers["etag"]})
    assert (blind.status_code, blind.json()["detail"]) == (412, "somebody acted on it since you looked: look again")
    looked = {"If-Match": moved.headers["etag"], "Idempotency-Key": "click"}
    said = await asyncio.gather(
        stage.shop.post(place, json=body, headers=looked),
        stage.shop.post(
            place, json=body | {"by": "fang", "task": tasks["wu"]}, headers={**looked, "Idempotency-Key": "c2"}
        ),
    )
    counted, told = sorted(said, key=lambda each: each.status_code)
    assert (counted.status_code, told.status_code in (409, 412)) == (200, True), told.text
    reused = await stage.shop.post(place, json=body | {"reason": "another"}, headers={"Idempotency-Key": "click"})
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:lockstep:problem:idempotency-key-reused")
    nothing = await decide(stage, refund, "approve", "lin", task=7)
    assert nothing.status_code == 409
    await until(stage, refund, "paid_back")
    assert await stage.value("select refunded_minor from order_money") == 6800


async def brake(stage: Stage, what: str, by: str) -> httpx.Response:
    return await stage.shop.post(f"/money/{what}", json={"by": by, "reason": "a leaked key"})


async def test_goods_that_have_not_left_are_stopped_first_and_the_rest_goes_on(stage: Stage, record_url: str) -> None:
    """Its money waits while all money is stopped, and goes on by itself once two people let it."""
    await staffed(stage)
    await placed(stage, ORDER_NO)
    await paid(stage, ORDER_NO)
    await stage.until_stage(ORDER_NO, AT_WAREHOUSE)
    refund = (await ask(stage, "k1", **ONE)).json()["refund"]
    await until(stage, refund, "awaiting_approval")
    assert (await brake(stage, "stop", "fang")).status_code == 200
    assert (await decide(stage, refund, "approve", "lin")).status_code == 200
    await stage.until_value("stop", "select held from refund_legs where refund_id = :id", id=refund)
    assert [each["held"] for each in (await shown(stage, refund))["legs"]] == ["stop"]
    assert [(await brake(stage, "resume", by)).status_code for by in ("lin", "lin", "fang")] == [200, 409, 200]
    await until(stage, refund, "paid_back")
    stage.pace(600)
    await stage.until_stage(ORDER_NO, "delivered", "completed")
    assert await stage.value("select refunded_minor from order_money") == 6800
    await all_else_holds(stage, record_url)


async def test_goods_come_back_through_the_warehouse_and_damage_is_taken_off(stage: Stage, record_url: str) -> None:
    await arrived(stage)
    stage.pace(20000)
    await stage.control("faults", place="parcel", fault="return_damaged", key=f"shop.tea.{ORDER_NO}")
    two = {"units": [{"line_id": "1", "quantity": 2}]}
    refund = (await ask(stage, "k1", kind="return", **two)).json()["refund"]
    early = await stage.shop.put(f"/refunds/{refund}/waybill", json=WAYBILL)
    assert (early.status_code, early.json()["detail"][-17:]) == (409, "awaiting_approval")
    await decide(stage, refund, "approve", "lin")
    await until(stage, refund, "awaiting_return")
    before = await stage.value("select on_hand from stock where sku = 'TEA-GREEN-250'")
    sent = await stage.shop.put(f"/refunds/{refund}/waybill", json=WAYBILL)
    assert (sent.status_code, sent.json()["stage"]) == (200, "return_under_way")
    await until(stage, refund, "return_received")
    found = (await shown(stage, refund))["goods_back"]
    assert (found["lines"], found["freight_by"]) == (
        [{"line_id": "1", "good": 1, "damaged": 1, "missing": 0}],
        "merchant",
    )
    assert await stage.value("select on_hand from stock where sku = 'TEA-GREEN-250'") == before + 1
    off = {"by": "lin", "reason": "a dent", "deductions": [{"line_id": "1", "amount_minor": 3000}]}
    assessed = await stage.shop.post(f"/refunds/{refund}/assessment", json=off)
    assert (assessed.status_code, assessed.json()["amount_minor"]) == (200, 10600)
    await until(stage, refund, "awaiting_approval")
    await stage.until_value(2, "select (approval->>'version')::int from refunds where id = :id", id=refund)
    assert (await decide(stage, refund, "approve", "lin", version=2)).status_code == 200
    await until(stage, refund, "paid_back")
    assert await stage.value("select refunded_minor from order_money") == 10600
    await all_else_holds(stage, record_url)


async def test_a_withdrawn_refund_frees_the_ceiling_and_what_nobody_placed_is_unknown(stage: Stage) -> None:
    await arrived(stage)
    refund = (await ask(stage, "k1", **ALL)).json()["refund"]
    stranger = await stage.shop.post(f"/refunds/{refund}/withdrawal", json={"by": "bob"})
    assert (stranger.status_code, stranger.json()["detail"]) == (409, "only ann can withdraw it; refuse it instead")
    withdrawn = await stage.shop.post(f"/refunds/{refund}/withdrawal", json={"by": "ann"})
    assert (withdrawn.status_code, withdrawn.json()["stage"]) == (200, "withdrawn")
    again = await ask(stage, "k2", **ALL)
    assert again.status_code == 202
    found = await shown(stage, again.json()["refund"])
    assert (found["attempt"], found["follows"]) == (2, refund)
    assert (await ask(stage, "k3", order_no="9999", **ALL)).status_code == 404
    assert (await stage.shop.get("/refunds/0000000000000000")).status_code == 404
    assert (await ask(stage, "k4", kind="return", shipping_minor=800)).json()["detail"].startswith("name the units")
