"""47 buyers whom the old checkout charged twice: found in its bill, looked at, released by two people, paid back."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.people import Person
from persistence import access
from persistence.people import save_people
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import workers
from sandbox.shop.old_checkout import OldCheckout
from tests.builders import yuan
from tests.journeys.conftest import open_stage
from tests.journeys.orders import AMOUNT_MINOR, all_else_holds, placed
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

ORDERS = [str(number) for number in range(4801, 4848)]
AT_ONCE = 6
WHY = {"reason": "the old checkout charged again when it heard no answer"}
STAFF = (Person("mei", "Mei"), Person("lin", "Lin", limits=(yuan("200.00"),)), Person("boss", "Boss"))
BACK = "select count(*) from refunds where applicant = 'lockstep' and stage = 'paid_back'"
SECOND_TRADES = "select count(*) from payments where not matched"


@pytest.fixture
async def undoing(record_url: str, temporal: EmbeddedTemporal, world_folder: Path) -> AsyncIterator[Stage]:
    fast: dict[str, Any] = {"due_back_by_itself": True, "undo_per_second": 50}
    async with open_stage(record_url, temporal, world_folder, **fast) as (stage, stack):
        for worker in workers(stage.house):
            await stack.enter_async_context(worker)
        async with stage.house.engine.begin() as db:
            await save_people(db, STAFF, "test", stage.house.clock.now(), seen={})
        yield stage


async def say(stage: Stage, person: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """Each with a token of his own."""
    async with stage.house.engine.begin() as db:
        secret = await access.create_token(db, f"{person} {path}", ["money:write"], stage.house.clock.now(), person)
    return await stage.shop.post(path, json=WHY | body, headers={"Authorization": f"Bearer {secret}"})


async def charged_twice(stage: Stage) -> str:
    """All 47 orders are placed here, each is charged by the old checkout, whose first answer is cut off; its bill."""
    old = OldCheckout(stage.town.alipay, stage.town.faults, stage.town.courier.pace, name="alipay", account="main")
    room = asyncio.Semaphore(AT_ONCE)

    async def one(order_no: str) -> None:
        async with room:
            await placed(stage, order_no)
            await old.charge(f"tea_{order_no}", AMOUNT_MINOR, answers_cut=1)

    await asyncio.gather(*(one(order_no) for order_no in ORDERS))
    await stage.until_value(len(ORDERS), "select count(*) from orders where stage in ('delivered', 'completed')")
    return old.bill()


def trades(bill: str) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(bill)))
    amounts = [{"amount_minor": int(row.pop("amount").replace(".", ""))} for row in rows]
    return [row | amount for row, amount in zip(rows, amounts, strict=True)]


async def plan_of(stage: Stage, found: list[dict[str, Any]]) -> dict[str, Any]:
    answer = await say(stage, "mei", "/undos", {"trades": found})
    assert answer.status_code == 201, answer.text
    plan: dict[str, Any] = answer.json()
    return plan


async def released(stage: Stage, plan: dict[str, Any], person: str) -> httpx.Response:
    return await say(stage, person, f"/undos/{plan['plan']}/release", {"version": plan["version"]})


def verdicts(plan: dict[str, Any]) -> Counter[tuple[str, str]]:
    return Counter((each["verdict"], each["state"]) for each in plan["items"])


@pytest.mark.timeout(420)
async def test_47_double_charges_are_found_and_paid_back_by_two_people(undoing: Stage, record_url: str) -> None:
    stage, count = undoing, len(ORDERS)
    stage.pace(600)
    bill = trades(await charged_twice(stage))
    second = {each["trade_no"] for each in bill if each["out_trade_no"].endswith("_2")}
    assert (len(bill), len(second)) == (2 * count, count)
    slip = next(each for each in bill if each["trade_no"] in second)
    slip["amount_minor"] += 1  # of the pen: it is not what the provider has
    plan = await plan_of(stage, bill)
    assert verdicts(plan) == {("charged_twice", "waiting"): count, ("known", "left_out"): count}
    assert plan["totals"] == [{"amount_minor": count * AMOUNT_MINOR + 1, "currency": "CNY"}]
    assert await stage.value(SECOND_TRADES) == 0, "to look moves nothing"

    alone, too_much = await released(stage, plan, "mei"), await released(stage, plan, "lin")
    assert (alone.status_code, "a second person" in alone.json()["detail"]) == (409, True)
    assert (too_much.status_code, "lin may not decide on" in too_much.json()["detail"]) == (409, True)
    assert [(await released(stage, plan, "boss")).status_code for _ in range(2)] == [200, 200]
    await stage.until_value(count - 1, BACK, seconds=180)
    await stage.until_value(1, "select count(*) from undo_items where state = 'differs'")

    slip["amount_minor"] -= 1
    rest = await plan_of(stage, bill)  # found once more, what is left is all that there is
    assert verdicts(rest) == {("charged_twice", "waiting"): 1, ("known", "left_out"): 2 * count - 1}
    assert (await released(stage, rest, "lin")).status_code == 200, "lin may decide on so little"
    await stage.until_value(count, BACK)
    await stage.until_value(0, "select count(*) from undo_items where state = 'waiting'")
    refunds = list(stage.town.alipay.refunds)
    assert (len(refunds), {each.trade.trade_no for each in refunds}) == (count, second)
    assert {each.amount_minor for each in refunds} == {AMOUNT_MINOR}

    shown = (await say(stage, "mei", f"/undos/{plan['plan']}/cancel", {})).json()  # too late: nothing is left to cancel
    assert verdicts(shown)["charged_twice", "told"] == count - 1
    assert sum(each["is_back"] for each in shown["items"]) == count - 1
    (differs,) = [each["said"] for each in shown["items"] if each["state"] == "differs"]
    assert differs.startswith("the provider says 144.00 CNY by trade")
    await all_else_holds(stage, record_url)
