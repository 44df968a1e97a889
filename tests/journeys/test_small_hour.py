"""A small hour of trade with everything that goes wrong in one; then the independent verifier finds nothing amiss."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cli.demo_staff import hire
from persistence import trade_report
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import workers
from sandbox.faults import Fault
from sandbox.refund_plan import Story
from tests.journeys.conftest import open_stage
from tests.journeys.staging import TIME_SCALE, Stage, eventually
from verify import check

# On a crowded machine a step's time runs out as it ends: the SDK then warns that there is nothing left to cancel.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Cannot find activity to cancel")]

ORDERS, WECHATPAY_ORDERS, SEED, SECONDS = 40, 20, 7, 8.0
ENDS = {Story.REFUSED: "refused", Story.WITHDRAWN: "withdrawn"}
AT_ONCE, A_MOMENT_LATER = (422, None), (202, "refused")  # where no worker answers within some seconds
SIGNED_ALONE = """
    select count(*) from refunds where reason = 'counterfeit' and decision = 'approved'
      and (select count(*) from jsonb_array_elements(approval -> 'tasks') t where t ->> 'state' = 'approved') < 2
"""
DECIDED_BY_SUPERIOR = """
    select count(distinct r.id) from refunds r, jsonb_array_elements(approval -> 'tasks') t
    where t ->> 'decided_by' <> t ->> 'signer' and jsonb_array_length(r.reminders) > 0
"""
BACK_BY_ITSELF = "select count(*) from refunds where applicant = 'lockstep' and stage = 'paid_back'"
HURRY = 4  # nobody waits as long for his superior as in the demo


async def rests(stage: Stage) -> bool:
    """Every message is applied, every order at its end or waiting for a person."""
    progress = (await stage.outside.get("/control/progress")).json()
    if not progress["finished"] or progress["refunds_open"]:
        return False
    async with stage.house.engine.connect() as db:
        refunds = await trade_report.restless_refunds(db)
        now = await trade_report.under_way(db)
        waiting = await trade_report.orders_waiting_for_people(db)
    return (
        not any((now.unapplied, now.unpaid, now.on_their_way, now.untold, refunds)) and now.paid_not_pushed <= waiting
    )


@pytest.mark.timeout(300)
async def test_after_a_small_hour_of_trade_every_invariant_holds(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path
) -> None:
    async with open_stage(record_url, temporal, world_folder) as (stage, stack):
        for worker in workers(stage.house):
            await stack.enter_async_context(worker)
        await an_hour(stage, record_url)


async def an_hour(stage: Stage, record_url: str) -> None:
    await stage.control("stock", levels={"CUP-WHITE": 10_000})
    async with stage.house.engine.begin() as db:
        staff = await hire(db, TIME_SCALE * HURRY, stage.house.clock.now())
    stage.town.warehouse.returns.on_the_way_back = (120.0, 240.0)
    size = {"orders": ORDERS, "wechatpay_orders": WECHATPAY_ORDERS}
    await stage.control("trade-hour", **size, seed=SEED, seconds=SECONDS, grace_seconds=40.0, staff=staff)
    await eventually(lambda: rests(stage), "a world at rest", seconds=200)
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
    check_refunds(dump["shop"]["refunds"])
    assert await stage.value(SIGNED_ALONE) == 0
    assert await stage.value(DECIDED_BY_SUPERIOR) == ended(dump["shop"]["refunds"], Story.REMINDED)
    twice = sum(order["fault"] == Fault.DOUBLE_PAYMENT for order in dump["shop"]["orders"])
    assert await stage.value(BACK_BY_ITSELF) >= twice > 0


def check_refunds(told: list[dict[str, Any]]) -> None:
    """Each story came to its own end."""
    assert {each["story"] for each in told} == set(Story)
    granted = [each for each in told if each["story"] != Story.TOO_MUCH]
    assert [each for each in granted if each["stage"] != ENDS.get(each["story"], "paid_back")] == []
    too_much = {(each["status"], each["stage"]) for each in told if each["story"] == Story.TOO_MUCH}
    assert too_much <= {AT_ONCE, A_MOMENT_LATER}


def ended(told: list[dict[str, Any]], story: Story) -> int:
    return sum(each["story"] == story and each["has_ended"] for each in told)
