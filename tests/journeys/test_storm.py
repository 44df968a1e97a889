"""Five thousand notices for a hundred orders, on two API processes: each order is paid, reserved and pushed once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from domain.limits import Limits
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import open_house
from tests.journeys.programs import local_house, running_api, running_worker
from tests.journeys.staging import (
    FORM,
    SHORT_LIVED,
    Stage,
    bound_socket,
    eventually,
    open_outside,
    settings_for,
    url_of,
)

pytestmark = pytest.mark.slow

Answer = TypeVar("Answer")
ORDERS = range(9001, 9101)
COPIES = 50
AT_ONCE = 3  # orders, so 150 notices under way
COUNTS = (
    "payments",
    "orders",
    "reservations",
    "ledger_entries",
    "ledger_postings",
    "audit_log",
    "outbound_orders",
    "shipments",
    "cases",
    "outbox",
)


@dataclass
class Storm:
    """A stage whose Lockstep is three processes: two APIs, one worker. Our clock is the real one."""

    stage: Stage
    senders: Sequence[httpx.AsyncClient]

    async def trade(self, order_no: int) -> dict[str, Any]:
        """One order, placed and paid, of which Alipay has not told yet."""
        await self.stage.control("orders", order_no=str(order_no), seed=order_no)
        paid: dict[str, Any] = await self.stage.silent_payment(str(order_no))
        return paid

    async def blow(self, trade: dict[str, Any], copies: int) -> Counter[str]:
        """All copies at once, half of them under another notice id; what the sender heard."""
        pen, known = self.stage.pen, (trade["out_trade_no"], trade["trade_no"])
        forms = [
            pen.notice(*known, amount_minor=trade["amount_minor"], notify_id=f"{trade['trade_no']}-{which}")
            for which in ("a", "b")
        ]
        sent = [self._send(self.senders[number // 2 % 2], forms[number % 2]) for number in range(copies)]
        return Counter(await asyncio.gather(*sent))

    async def _send(self, sender: httpx.AsyncClient, form: bytes) -> str:
        answer = await sender.post("/webhooks/alipay", content=form, headers={"Content-Type": FORM})
        return f"{answer.status_code} {answer.text}"

    async def counts(self) -> dict[str, int]:
        return {table: await self.stage.value(f"select count(*) from {table}") for table in COUNTS}

    async def units(self, what: str) -> list[tuple[Any, ...]]:
        rows = await self.stage.rows(f"select order_id, line_id, sku, quantity from {what} order by 1, 2, 3")
        return [tuple(row) for row in rows]

    async def forget(self, order_no: int) -> None:
        """The closed workflow's history is deleted, as after Temporal's retention."""
        temporal = self.stage.house.temporal
        handle = temporal.get_workflow_handle(f"order/shop/tea/{order_no}")

        async def closed() -> bool:
            return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

        async def forgotten() -> bool:
            return not await self.stage.has_workflow(str(order_no))

        await eventually(closed, f"{order_no} closed", seconds=60)
        execution = WorkflowExecution(workflow_id=handle.id, run_id=(await handle.describe()).run_id)
        await temporal.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=temporal.namespace, workflow_execution=execution)
        )
        await eventually(forgotten, f"{order_no} forgotten", seconds=60)


@pytest.fixture
async def storm(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path, tmp_path: Path
) -> AsyncIterator[Storm]:
    async with AsyncExitStack() as stack:
        outside = bound_socket()
        limits = replace(Limits(), completes_after_delivery=timedelta(seconds=1))
        settings = settings_for(
            record_url, temporal.address, world_folder, url_of(outside), time_scale=1, limits=limits
        )
        houses = [local_house(settings, tmp_path / name) for name in ("one", "two")]
        for house in houses:
            await stack.enter_async_context(running_api(house))
        await stack.enter_async_context(running_worker(houses[0]))
        urls = [house.api_url for house in houses]
        reader = await stack.enter_async_context(open_house(settings))
        stage = await stack.enter_async_context(open_outside(reader, world_folder, outside, urls))
        await stage.control("stock", levels={"CUP-WHITE": 10_000})
        stage.pace(600)  # parcels arrive within seconds, in the middle of the storm
        senders = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, limits=SHORT_LIVED)
            )
            for url in urls
        ]
        yield Storm(stage, senders)


async def few_at_once(deeds: Iterable[Coroutine[None, None, Answer]]) -> list[Answer]:
    """The sender shares two cores with all that it storms."""
    room = asyncio.Semaphore(AT_ONCE)

    async def done(deed: Coroutine[None, None, Answer]) -> Answer:
        async with room:
            return await deed

    return await asyncio.gather(*(done(deed) for deed in deeds))


@pytest.mark.timeout(240)
async def test_any_number_of_notices_has_one_effect_even_after_history_is_gone(storm: Storm) -> None:
    trades = await few_at_once(storm.trade(number) for number in ORDERS)
    heard = await few_at_once(storm.blow(trade, COPIES) for trade in trades)
    assert heard == [{"200 success": COPIES}] * len(trades)
    await storm.stage.until_value(len(trades), "select count(*) from outbound_orders")
    await each_effect_once(storm, trades)
    await nothing_happens_again_without_history(storm, trades[:3])


async def each_effect_once(storm: Storm, trades: Sequence[dict[str, Any]]) -> None:
    stage, count = storm.stage, len(trades)
    paid = {(trade["trade_no"], trade["amount_minor"]) for trade in trades}
    booked = await stage.rows("select trade_no, amount_minor from payments where matched")
    assert (len(booked), {tuple(row) for row in booked}) == (count, paid)
    assert await stage.value("select count(*) from payments") == count
    assert await stage.value("select count(distinct order_id) from reservations") == count
    assert await storm.units("reservations where not released") == await storm.units("demands")
    entries = await stage.rows("select kind, count(*) as n from ledger_entries group by kind")
    assert [(row.kind, row.n) for row in entries] == [("captured", count)]
    assert await stage.value("select count(*) from audit_log where step = 'record_payment'") == count
    calls = [call.reference for call in stage.town.warehouse.counter.calls if call.verb == "push"]
    assert (len(calls), len(set(calls))) == (count, count)
    assert await stage.value("select count(*) from outbound_orders where outbound_no is not null") == count
    verdicts = await stage.rows("select verdict, count(*) as n from inbound_events where source = 'alipay' group by 1")
    told = {row.verdict: row.n for row in verdicts}
    assert told.keys() <= {"accepted", "repeat"}
    assert sum(told.values()) == count * COPIES
    assert await stage.cases() == []


async def nothing_happens_again_without_history(storm: Storm, trades: Sequence[dict[str, Any]]) -> None:
    """Workflow identity guards no more: the record does."""
    stage = storm.stage
    await stage.until_value(len(ORDERS), "select count(*) from orders where stage = 'completed'")
    numbers = [int(trade["out_trade_no"].removeprefix("tea_")) for trade in trades]
    for number in numbers:
        await storm.forget(number)
    before = await storm.counts()
    for trade in trades:
        assert await storm.blow(trade, COPIES) == {"200 success": COPIES}
    assert [await stage.has_workflow(str(number)) for number in numbers] == [False] * len(numbers)
    assert await storm.counts() == before
