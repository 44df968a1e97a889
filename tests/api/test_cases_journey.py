"""Cases over the whole house: an order stops, a person decides, the order goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from temporalio.worker import Worker

from domain.case import Cause, NewCase
from persistence import cases, stock
from persistence.audit import first_bad_entry
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import workers
from tests.journeys.conftest import Stage, stage, temporal, world_folder
from tests.journeys.test_order_journey import ORDER

__all__ = ["stage", "temporal", "world_folder"]  # fixtures

pytestmark = pytest.mark.slow

GREEN = "TEA-GREEN-250"
RETRY = {"choice": "retry", "by": "mei", "reason": "mended"}
CANCEL = {"choice": "cancel", "by": "mei", "reason": "sold out for good"}
SKIP = {"choice": "skip", "by": "mei", "reason": "left by hand"}


async def paid_order(stage: Stage, order_no: str, **changed: Any) -> None:
    body = {**ORDER, "order_no": order_no, "placed_at": stage.house.clock.now().isoformat(), **changed}
    answer = await stage.shop.post("/orders", json=body, headers={"Idempotency-Key": order_no})
    assert answer.status_code == 202, answer.text
    await stage.control("payments", out_trade_no=f"tea_{order_no}", amount_minor=14400)


async def case_of(stage: Stage, order_no: str, cause: str) -> str:
    async def found() -> list[Any]:
        answer = await stage.shop.get("/cases", params={"order": f"shop/tea/{order_no}", "cause": cause})
        listed: list[Any] = answer.json()["cases"]
        return listed

    await stage.until(found, f"{order_no} {cause}")
    return str((await found())[0]["id"])


async def decide(stage: Stage, case_id: str, body: dict[str, str], **more: str) -> httpx.Response:
    return await stage.shop.post(f"/cases/{case_id}/decide", json={**body, **more})


async def set_level(stage: Stage, units: int) -> None:
    async with stage.house.engine.begin() as db:
        await stock.set_level(db, GREEN, units)


async def out_of_stock(stage: Stage, order_no: str) -> str:
    await set_level(stage, 0)
    await paid_order(stage, order_no)
    return await case_of(stage, order_no, "out_of_stock")


async def chain_is_whole(stage: Stage, order_no: str) -> bool:
    async with stage.house.engine.connect() as db:
        return await first_bad_entry(db, f"shop/tea/{order_no}") is None


PUSHED = ("at_warehouse", "shipped", "delivered", "completed")


async def test_out_of_stock_restocked_and_retried_is_pushed(stage: Stage) -> None:
    case_id = await out_of_stock(stage, "3001")
    await set_level(stage, 50)
    answer = await decide(stage, case_id, RETRY)
    assert answer.status_code == 200, answer.text
    await stage.until_stage("3001", *PUSHED)
    assert (await decide(stage, case_id, RETRY)).status_code == 200, "my own decision, sent again"
    late = await decide(stage, case_id, {**CANCEL, "by": "bo"})
    assert late.status_code == 409
    assert "mei decided this case at" in late.json()["detail"]
    assert await chain_is_whole(stage, "3001")


async def test_an_unmatched_sku_mapped_and_retried_is_pushed(stage: Stage) -> None:
    lines = [{**ORDER["lines"][0], "platform_sku": "TEA-SECRET-50"}]
    await paid_order(stage, "3002", lines=lines)
    case_id = await case_of(stage, "3002", "unmatched_sku")
    assert await stage.stage_of("3002") == "on_hold"
    async with stage.house.engine.begin() as db:
        parts = [{"sku": GREEN, "quantity": 1, "price_weight": 1}]
        await stock.add_match(db, ("shop", "tea", "TEA-SECRET-50"), parts, stage.house.clock.now())
    assert (await decide(stage, case_id, RETRY)).status_code == 200
    await stage.until_stage("3002", *PUSHED)
    assert await stage.value("select count(*) from cases where settled_at is null") == 0


async def test_skipping_the_push_needs_a_shipment_and_a_second_person(stage: Stage) -> None:
    await stage.control("stock", levels={GREEN: 0})
    await paid_order(stage, "3003")
    case_id = await case_of(stage, "3003", "push_refused")
    refusals = [
        await decide(stage, case_id, SKIP),
        await decide(stage, case_id, SKIP, outside_shipment_no="SF1"),
        await decide(stage, case_id, SKIP, outside_shipment_no="SF1", second_person="mei"),
    ]
    assert [answer.status_code for answer in refusals] == [422, 422, 422]
    assert "shipment number" in refusals[0].json()["detail"]
    assert "second person" in refusals[2].json()["detail"]
    answer = await decide(stage, case_id, SKIP, outside_shipment_no="SF1", second_person="bo")
    assert answer.status_code == 200, answer.text
    await stage.until_stage("3003", "at_warehouse")
    assert await stage.value("select outside_shipment_no from outbound_orders") == "SF1"
    assert await stage.value("select actor from audit_log where step = 'record_push'") == "mei and bo"


async def test_cancelled_by_its_case_the_money_goes_back_and_that_case_settles_itself(stage: Stage) -> None:
    case_id = await out_of_stock(stage, "3004")
    assert (await decide(stage, case_id, CANCEL)).status_code == 200
    await stage.until_stage("3004", "cancelled")
    await stage.until_value("workflow", "select decided_by from cases where cause = 'refund_due'")
    assert await stage.value("select refunded_minor from order_money") == 14400
    assert await stage.value("select count(*) from cases where settled_at is null") == 0
    assert await chain_is_whole(stage, "3004")


async def test_of_two_decisions_at_once_one_wins_and_the_other_is_told(stage: Stage) -> None:
    case_id = await out_of_stock(stage, "3005")
    await set_level(stage, 50)
    answers = await asyncio.gather(
        decide(stage, case_id, RETRY), decide(stage, case_id, {**CANCEL, "by": "bo"}), decide(stage, case_id, RETRY)
    )
    codes = [answer.status_code for answer in answers]
    assert codes in ([200, 409, 200], [409, 200, 409]), [answer.text for answer in answers]
    assert await stage.value("select count(*) from audit_log where step = 'settle_case'") == 1


async def test_two_people_who_choose_the_same_are_told_apart(stage: Stage) -> None:
    case_id = await out_of_stock(stage, "3006")
    await set_level(stage, 50)
    answers = await asyncio.gather(decide(stage, case_id, RETRY), decide(stage, case_id, {**RETRY, "by": "bo"}))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The stage's workers, so that a test can send them home."""
    hired: list[Worker] = []

    def hire(house: Any) -> list[Worker]:
        hired.extend(workers(house))
        return hired

    monkeypatch.setattr("tests.journeys.conftest.workers", hire)
    return hired


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as held:
        yield held


async def test_without_a_worker_nobody_is_told_that_a_decision_counts_and_it_counts_once(
    crew: list[Worker], stage: Stage, stack: AsyncExitStack
) -> None:
    case_id = await out_of_stock(stage, "3007")
    await set_level(stage, 50)
    await asyncio.gather(*(worker.shutdown() for worker in crew))
    answer = await decide(stage, case_id, RETRY)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
    again = await decide(stage, case_id, RETRY)
    assert "send the same again" in again.json()["detail"]
    shown = await stage.shop.get(f"/cases/{case_id}")
    assert shown.json()["settled_at"] is None
    for worker in workers(stage.house):
        await stack.enter_async_context(worker)
    await stage.until_stage("3007", *PUSHED)
    assert (await stage.shop.get(f"/cases/{case_id}")).json()["decided_by"] == "mei"
    assert await stage.value("select count(*) from audit_log where step = 'settle_case'") == 1


async def test_with_temporal_away_it_is_503_and_money_cases_go_on(stage: Stage, temporal: EmbeddedTemporal) -> None:
    case_id = await out_of_stock(stage, "3008")
    async with stage.house.engine.begin() as db:
        money = NewCase(Cause.SURPLUS_PAYMENT, "x", "x")
        await cases.open_case(db, "shop/tea/3008", money, now=stage.house.clock.now(), limit=timedelta(1))
    money_id = await case_of(stage, "3008", "surplus_payment")
    async with temporal.away():
        closed = await decide(stage, money_id, {"choice": "close", "by": "fin", "reason": "refunded"})
        assert closed.status_code == 200
        answer = await decide(stage, case_id, RETRY)
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"] == "5"
    await set_level(stage, 50)

    async def taken() -> bool:
        return (await decide(stage, case_id, RETRY)).status_code == 200

    await stage.until(taken)
    await stage.until_stage("3008", *PUSHED)


async def test_a_case_whose_workflow_is_gone_says_so(stage: Stage) -> None:
    case_id = await out_of_stock(stage, "3009")
    await stage.house.temporal.get_workflow_handle("order/shop/tea/3009").terminate()
    answer = await decide(stage, case_id, RETRY)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:lockstep:problem:order-not-running")
