"""A small hour of trade with everything that goes wrong in one; then the independent verifier finds nothing amiss."""

import asyncio

import pytest

from persistence import trade_report
from sandbox.faults import Fault
from tests.journeys.staging import Stage, eventually
from verify import check

pytestmark = pytest.mark.slow

ORDERS, WECHATPAY_ORDERS, SEED, SECONDS = 40, 20, 7, 8.0


async def rests(stage: Stage) -> bool:
    """Every message is applied, every order at its end or waiting for a person."""
    if not (await stage.outside.get("/control/progress")).json()["finished"]:
        return False
    async with stage.house.engine.connect() as db:
        now = await trade_report.under_way(db)
        waiting = await trade_report.orders_waiting_for_people(db)
    return not any((now.unapplied, now.unpaid, now.on_their_way, now.untold)) and now.paid_not_pushed <= waiting


@pytest.mark.timeout(180)
async def test_after_a_small_hour_of_trade_every_invariant_holds(stage: Stage, record_url: str) -> None:
    await stage.control("stock", levels={"CUP-WHITE": 10_000})
    size = {"orders": ORDERS, "wechatpay_orders": WECHATPAY_ORDERS}
    await stage.control("trade-hour", **size, seed=SEED, seconds=SECONDS, grace_seconds=40.0)
    await eventually(lambda: rests(stage), "a world at rest", seconds=120)
    dump = (await stage.outside.get("/control/dump")).json()
    found = await asyncio.to_thread(check, dump, record_url)
    assert {each.name: each.evidence for each in found if not each.held} == {}
    assert len(found) > 25
    for shop_id in ("tea", "tools"):
        suffered = {order["fault"] for order in dump["shop"]["orders"] if order["shop_id"] == shop_id}
        assert {Fault.WRONG_AMOUNT, Fault.DOUBLE_PAYMENT, Fault.NO_NOTICE, Fault.NEVER_PAID} <= suffered
    assert await stage.value("select count(*) from orders") == ORDERS + WECHATPAY_ORDERS
    notices = dump["wechatpay"]["notices"]
    assert {Fault.SIGN_TEST, Fault.STALE_NOTICE, Fault.FORGED_SIGNATURE} <= {notice["fault"] for notice in notices}
    assert len({key_id for notice in notices for key_id in notice["signed_by"]}) == 2
