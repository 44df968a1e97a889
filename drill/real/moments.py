"""Moments at which a kill hurts: money or a push is in flight, and one step is known to be in the middle of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from domain.order import Stage
from domain.reference import OrderId
from drill.real.house import DrillHouse
from persistence import failures, order_rows
from workflows import identity

HELD_SECONDS = 5.0  # for which the outside keeps an answer back, or a lock is held
OUTAGE_SECONDS = 8.0
NOTICE = "payment.notice"
WITH_THE_WAREHOUSE = (Stage.AT_WAREHOUSE, Stage.PARTLY_SHIPPED, Stage.SHIPPED, Stage.DELIVERED, Stage.COMPLETED)


@dataclass(frozen=True)
class Subject:
    """The order that is hit, and the stages that show that it went on as if nothing had been.

    `afterwards`: what the outside still does once the victim is back.
    """

    order_id: OrderId
    goes_on_to: tuple[Stage, ...] = WITH_THE_WAREHOUSE
    afterwards: Callable[[], Awaitable[None]] | None = None


Moment = Callable[[DrillHouse], AbstractAsyncContextManager[Subject]]
"""Lasts until the kill: what was held back is let go before the victim returns."""


@asynccontextmanager
async def push_unanswered(house: DrillHouse) -> AsyncIterator[Subject]:
    """The warehouse has taken the order, and its answer is on the wire."""
    order_id = await house.order()
    await house.plant(order_id, "warehouse", "delay", seconds=HELD_SECONDS)
    await house.pay(order_id)
    await house.until_asked(identity.order_workflow_id(order_id), "warehouse.push")
    yield Subject(order_id)


@asynccontextmanager
async def query_unanswered(house: DrillHouse) -> AsyncIterator[Subject]:
    """The buyer has paid, nobody told us, and the provider is about to."""
    order_id = await house.order()
    await house.plant(order_id, "trade", "no_notice")
    await house.plant(order_id, "provider", "delay", seconds=HELD_SECONDS)
    await house.pay(order_id)
    await house.until_asked(identity.order_workflow_id(order_id), "payments.query_trade")
    yield Subject(order_id)


@asynccontextmanager
async def stop_unanswered(house: DrillHouse) -> AsyncIterator[Subject]:
    """The warehouse has stopped the order, and its answer is on the wire."""
    order_id = await house.order()
    await house.pay(order_id)
    await house.until_stage(order_id, Stage.AT_WAREHOUSE)
    await house.plant(order_id, "warehouse", "delay", seconds=HELD_SECONDS)
    await house.cancel(order_id)
    await house.until_asked(identity.order_workflow_id(order_id), "warehouse.stop")
    yield Subject(order_id, (Stage.CANCELLED,))


@asynccontextmanager
async def refund_unanswered(house: DrillHouse) -> AsyncIterator[Subject]:
    """The provider has paid a cancelled order's money back, and its answer is on the wire."""
    order_id = await house.order()
    await house.pay(order_id)
    await house.until_stage(order_id, Stage.AT_WAREHOUSE)
    await house.plant(order_id, "provider", "delay", seconds=HELD_SECONDS)
    await house.cancel(order_id)
    refund = await house.refund(order_id)
    await house.until_asked(identity.refund_workflow_id(refund.refund_id), "payments.refund")

    async def paid_back() -> None:
        await house.until_paid_back(order_id)

    yield Subject(order_id, (Stage.CANCELLED,), paid_back)


@asynccontextmanager
async def paid_not_pushed(house: DrillHouse) -> AsyncIterator[Subject]:
    """Money is booked, and the warehouse answers nobody."""
    order_id = await house.order()
    await house.plant(order_id, "warehouse", "outage", seconds=OUTAGE_SECONDS)
    await house.pay(order_id)
    await house.until_stage(order_id, Stage.PREPARING)
    yield Subject(order_id)


@asynccontextmanager
async def in_transaction(house: DrillHouse) -> AsyncIterator[Subject]:
    """The payment's transaction is open: it waits for a lock that we hold."""
    order_id = await house.order()
    await house.until_stage(order_id, Stage.AWAITING_PAYMENT)
    async with AsyncExitStack() as held:
        db = await held.enter_async_context(house.engine.connect())
        await order_rows.load(db, order_id)
        await house.pay(order_id)
        await house.until_kept(order_id, NOTICE)
        await asyncio.sleep(HELD_SECONDS / 10)
        yield Subject(order_id)
        with suppress(failures.RecordFailure), failures.in_words():
            await held.aclose()  # the connection may have died with Postgres


@asynccontextmanager
async def notice_kept(house: DrillHouse) -> AsyncIterator[Subject]:
    """The notice is evidence, and Temporal has not heard of it."""
    order_id = await house.order()
    house.to_temporal.shut()
    await house.pay(order_id)
    await house.until_kept(order_id, NOTICE)
    yield Subject(order_id)
    house.to_temporal.open()


@asynccontextmanager
async def notice_accepted(house: DrillHouse) -> AsyncIterator[Subject]:
    """Temporal has the notice, and the provider has no answer."""
    order_id = await house.order()
    house.to_api.hold_answers()
    await house.pay(order_id)
    await house.until_stage(order_id, *WITH_THE_WAREHOUSE)
    yield Subject(order_id)
    house.to_api.open()


@asynccontextmanager
async def order_kept(house: DrillHouse) -> AsyncIterator[Subject]:
    """The order is evidence, and Temporal has not heard of it; the buyer pays right after."""
    house.to_temporal.shut()
    order_id = house.next_order
    placing = asyncio.create_task(house.order())
    await house.until_kept(order_id, "order.placed")

    async def placed_and_paid() -> None:
        await placing
        await house.pay(order_id)

    yield Subject(order_id, afterwards=placed_and_paid)
    house.to_temporal.open()


@asynccontextmanager
async def cancellation_kept(house: DrillHouse) -> AsyncIterator[Subject]:
    """The wish to cancel is evidence, and Temporal has not heard of it."""
    order_id = await house.order()
    await house.pay(order_id)
    await house.until_stage(order_id, Stage.AT_WAREHOUSE)
    house.to_temporal.shut()
    cancelling = asyncio.create_task(house.cancel(order_id))
    await house.until_kept(order_id, "order.cancel_requested")

    async def cancelled() -> None:
        await cancelling

    yield Subject(order_id, (Stage.CANCELLED,), cancelled)
    house.to_temporal.open()


@asynccontextmanager
async def burst_of_notices(house: DrillHouse) -> AsyncIterator[Subject]:
    """The same notice comes several times at once, under several ids, and none has reached Temporal."""
    order_id = await house.order()
    house.to_temporal.shut()
    await house.plant(order_id, "trade", "duplicate", copies=8)
    await house.plant(order_id, "trade", "duplicate_other_id", copies=8)
    await house.pay(order_id)
    await house.until_kept(order_id, NOTICE)
    yield Subject(order_id)
    house.to_temporal.open()
