"""Short orders over the whole house: split by a person's decision over HTTP, and ended in each way there is."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.journeys.staging import Stage
from verify import check

pytestmark = pytest.mark.slow

GREEN = "TEA-GREEN-250"
THREE_PACKS = 1707  # the seed of an order of three packs of green tea, 193.00 CNY
ONE_OF_THREE = 6433  # a third of it, to the fen
SPLIT = {"choice": "split", "by": "mei", "reason": "the buyer wants what is there"}
RETRY = {"choice": "retry", "by": "mei", "reason": "restocked"}
GIVE_UP = {"choice": "cancel", "by": "mei", "reason": "sold out for good"}


async def in_stock(stage: Stage, free: int) -> None:
    """So many packs that nobody has reserved."""
    async with stage.house.engine.begin() as db:
        counted = text("update stock set on_hand = reserved + :free where sku = :sku")
        await db.execute(counted, {"free": free, "sku": GREEN})


async def decide(stage: Stage, order_no: str, body: dict[str, str]) -> None:
    """The open case of short stock, once it is listed."""
    wanted = {"order": f"shop/tea/{order_no}", "cause": "out_of_stock"}

    async def listed() -> list[Any]:
        found: list[Any] = (await stage.shop.get("/cases", params=wanted)).json()["cases"]
        return found

    await stage.until(listed, f"a case of {order_no}")
    (case,) = await listed()
    assert list(case["choices"]) == ["retry", "split", "cancel"]
    answer = await stage.shop.post(f"/cases/{case['id']}/decide", json=body)
    assert answer.status_code == 200, answer.text


async def sent_ahead(stage: Stage, order_no: str) -> None:
    """Two of three packs are at the warehouse; the third one is a case."""
    await in_stock(stage, 2)
    order = await stage.control("orders", order_no=order_no, seed=THREE_PACKS)
    await stage.control("payments", out_trade_no=order["out_trade_no"])
    await decide(stage, order_no, SPLIT)
    await stage.until_stage(order_no, "at_warehouse", "partly_shipped")
    waiting = "select count(*) from cases where order_id = :id and cause = 'out_of_stock' and settled_at is null"
    await stage.until_value(1, waiting, id=f"shop/tea/{order_no}")
    units = "select (contents ->> '1')::int from outbound_orders where order_id = :id"
    assert await stage.value(units, id=f"shop/tea/{order_no}") == 2


async def wishes_no_more(stage: Stage, order_no: str) -> None:
    answer = await stage.control("cancellations", out_trade_no=f"tea_{order_no}")
    assert answer["cancelled"]


async def due(stage: Stage, order_no: str) -> Any:
    return await stage.value(
        "select refund_due_minor + refunded_minor from order_money where order_id = :id", id=f"shop/tea/{order_no}"
    )


@pytest.mark.timeout(180)
async def test_split_orders_end_in_each_way_and_every_invariant_holds(stage: Stage, record_url: str) -> None:
    stage.pace(1)  # the warehouse takes minutes to pack
    await sent_ahead(stage, "7001")
    await wishes_no_more(stage, "7001")
    await stage.until_stage("7001", "cancelled")

    stage.pace(600)
    await sent_ahead(stage, "7002")
    await in_stock(stage, 1)
    await decide(stage, "7002", RETRY)
    await stage.until_value(2, "select count(*) from outbound_orders where order_id = 'shop/tea/7002'")
    await sent_ahead(stage, "7003")
    await decide(stage, "7003", GIVE_UP)
    await sent_ahead(stage, "7004")
    await stage.until_stage("7004", "partly_shipped")
    await wishes_no_more(stage, "7004")
    for order_no in ("7002", "7003", "7004"):
        await stage.until_stage(order_no, "completed")

    assert [await due(stage, order_no) for order_no in ("7001", "7002", "7003", "7004")] == [
        19300,
        0,
        ONE_OF_THREE,
        ONE_OF_THREE,
    ]
    assert {each.reference for each in stage.town.warehouse.desk} == {
        *(f"shop.tea.{order_no}" for order_no in ("7001", "7002", "7003", "7004")),
        "shop.tea.7002.2",
    }
    page = (await stage.shop.get("/track/7003?shop=tea", headers={"Accept-Language": "en"})).text
    assert "Completed" in page
    dump = (await stage.outside.get("/control/dump")).json()
    found = await asyncio.to_thread(check, dump, record_url)
    assert {each.name: each.evidence for each in found if not each.held} == {}
