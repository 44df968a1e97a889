"""What can be seen of one order: in the record, in its workflow's history, and when it comes to pass."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.case import Cause
from domain.order import Stage
from domain.reference import OrderId
from drill.virtual.fakes import FakeProvider, FakeWarehouse
from workflows.messages import OrderEnd, OrderView
from workflows.order import OrderWorkflow

Answer = TypeVar("Answer")
PATIENCE_SECONDS = 30.0
ANSWER_SECONDS = 3.0


class Seen:
    record: AsyncEngine
    order_id: OrderId
    provider: FakeProvider
    warehouse: FakeWarehouse
    _run: WorkflowHandle[OrderWorkflow, OrderEnd] | None = None

    @property
    def handle(self) -> WorkflowHandle[OrderWorkflow, OrderEnd]:
        """The run that the last fact went to, and those that continue it. Only such a handle lets time fly."""
        assert self._run is not None
        return self._run

    # Until it comes to pass

    async def until(self, holds: Callable[[], Awaitable[object]]) -> None:
        """Wait for an effect without letting time pass; the limit is patience, not a measurement."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():  # noqa: ASYNC110 - it is the record that is watched
                await asyncio.sleep(0.01)

    async def until_stage(self, stage: Stage) -> None:
        async def reached() -> bool:
            return await self.stage() == stage

        await self.until(reached)

    async def until_value(self, sql: str, *, expected: object) -> None:
        async def reached() -> bool:
            return await self.column(sql) == [expected]

        await self.until(reached)

    async def until_case(self, cause: Cause) -> None:
        async def opened() -> bool:
            return cause in await self.open_cases()

        await self.until(opened)

    async def until_called(self, verb: str) -> None:
        async def called() -> bool:
            return bool(self.warehouse.asked(verb))

        await self.until(called)

    async def until_accepted(self, count: int = 1) -> None:
        """The warehouse has so many outbound orders; its answer may still be on the way."""

        async def accepted() -> bool:
            return len(self.warehouse.accepted) >= count

        await self.until(accepted)

    async def until_event(self, event: EventType.ValueType) -> None:
        await self.until_event_count(event, 1)

    async def until_event_count(self, event: EventType.ValueType, count: int) -> None:
        async def there() -> bool:
            return (await self.history()).count(event) >= count

        await self.until(there)

    async def until_running(self) -> None:
        """The run has worked through what it was told."""
        await self.view()

    # What is so then

    async def rows(self, sql: str) -> list[Any]:
        """`:id` is the order's."""
        async with self.record.connect() as db:
            return [
                tuple(row) for row in await db.execute(text(sql), {"id": str(self.order_id)} if ":id" in sql else {})
            ]

    async def column(self, sql: str) -> list[Any]:
        return [row[0] for row in await self.rows(sql)]

    async def write(self, sql: str) -> None:
        """What a person or another program does to the record."""
        async with self.record.begin() as db:
            await db.execute(text(sql))

    async def stage(self) -> str | None:
        found: list[str] = await self.column("select stage from orders where id = :id")
        return found[0] if found else None

    async def view(self) -> OrderView:
        return await answered(lambda: self.handle.query(OrderWorkflow.progress))

    async def open_cases(self) -> list[str]:
        return await self.column("select cause from cases where settled_at is null order by cause")

    async def case(self, cause: Cause) -> str:
        """The id of the open case of this cause, once the workflow waits for it."""
        found: list[str] = []

        async def waits() -> bool:
            found.extend(case.case_id for case in (await self.view()).cases if case.cause is cause)
            return bool(found)

        await self.until(waits)
        return found[0]

    async def steps(self) -> list[str]:
        return await self.column("select step from audit_log where order_id = :id order by seq")

    async def ledger(self) -> list[tuple[str, int]]:
        """Each entry's kind and the sum of its debits."""
        return await self.rows(
            "select kind, sum(amount_minor) filter (where amount_minor > 0)::int from ledger_entries"
            " join ledger_postings on entry_seq = seq where order_id = :id group by seq, kind order by seq"
        )

    async def outbound(self) -> list[tuple[Any, ...]]:
        """Number, transaction id, units of line 1 and whether it was stopped."""
        return await self.rows(
            "select number, transaction_id, (contents ->> '1')::int, stopped from outbound_orders where order_id = :id"
            " order by number"
        )

    async def in_stock(self) -> tuple[int, int]:
        """Tea on hand, and how much of it is reserved."""
        (row,) = await self.rows("select on_hand, reserved from stock where sku = 'TEA-GREEN-250'")
        return (row[0], row[1])

    def content(self, number: int) -> list[tuple[str, int]]:
        """What the warehouse was last asked to ship under this number: units by line."""
        lines = self.warehouse.outbound[self.order_id.warehouse_reference(number)].lines
        return [(each.line_id, each.quantity) for each in lines]

    def key(self, verb: str) -> str:
        return f"order/{self.order_id}/{verb}"

    async def reserved(self, sku: str = "TEA-GREEN-250") -> int:
        units: list[int] = await self.column(f"select reserved from stock where sku = '{sku}'")
        return units[0]

    async def run_id(self) -> str:
        return (await self.handle.describe()).run_id or ""

    async def history(self) -> list[EventType.ValueType]:
        return [event.event_type async for event in self.handle.fetch_history_events()]


async def answered(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """A question that comes while the SDK drops its run from the cache may be lost: it is asked anew."""
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await ask()
        except TimeoutError:
            continue


def refusal(error: WorkflowUpdateFailedError) -> str | None:
    assert isinstance(error.cause, ApplicationError)
    return error.cause.type


def minutes_after(start: datetime, moments: list[datetime]) -> list[int]:
    """Whole minutes; a moment that is not on the minute, but for the time a step takes, is told apart."""
    spans = [moment - start for moment in moments]
    assert all(timedelta(0) <= span % timedelta(minutes=1) < timedelta(seconds=5) for span in spans), spans
    return [span // timedelta(minutes=1) for span in spans]
