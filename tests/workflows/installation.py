"""Any number of workers over one record and one shop; each starts the sender where it does not run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.news import NewsSender
from activities.outbox import OutboxActivities
from adapters.news.console import ConsoleNews
from domain.limits import Limits
from domain.news_times import NewsTimes
from domain.reference import ShopId
from drill.virtual.fakes import FakeShop
from persistence import stock
from persistence.customers import Customers
from persistence.news_outbox import PostgresNewsOutbox
from persistence.outbox import PostgresOutbox
from persistence.reminders import PostgresReminders
from ports.clock import FixedClock
from runtime import temporal
from runtime.attempts import AttemptLog
from runtime.sender import StartsTheSender
from runtime.temporal import data_converter
from tests.workflows.troubles import Troubles
from tests.workflows.world import PAYLOAD_KEYS
from workflows import identity
from workflows.outbox import OutboxWorkflow

SHOP, SKU = ShopId("shop", "tea"), "TEA-BLACK-250"
ALL_SKUS = 8


@dataclass
class Installation:
    env: WorkflowEnvironment
    record: AsyncEngine
    clock: FixedClock
    shop: FakeShop = field(default_factory=FakeShop)
    troubles: Troubles = field(default_factory=Troubles)

    async def worker(self, stack: AsyncExitStack) -> None:
        target = self.env.client.service_client.config.target_host
        client = await Client.connect(target, data_converter=data_converter(PAYLOAD_KEYS))
        limits = Limits()
        outbox = PostgresOutbox(self.record, self.clock, limits)
        watch = PostgresReminders(self.record, self.clock, limits, {})
        waiting = PostgresNewsOutbox(self.record, Customers(b"k" * 32, self.clock), self.clock, NewsTimes())
        news = NewsSender(waiting, ConsoleNews(), self.clock, limits)
        sending = OutboxActivities(outbox, {SHOP: self.shop}, watch, news, self.clock, limits)
        steps = Worker(
            client,
            task_queue=identity.ORDERS,
            workflows=temporal.WORKFLOWS,
            workflow_runner=temporal.workflow_runner(),
            max_cached_workflows=0,
        )
        sender = Worker(
            client,
            task_queue=identity.OUTBOX,
            activities=sending.all,
            interceptors=[AttemptLog(), self.troubles],
            graceful_shutdown_timeout=timedelta(seconds=10),
            plugins=[StartsTheSender(limits)],
        )
        for worker in (steps, sender):
            await stack.enter_async_context(worker)

    async def set_level(self, units: int) -> None:
        async with self.record.begin() as db:
            await stock.set_level(db, SKU, units)

    async def until_shown(self, units: int) -> None:
        async def is_shown() -> bool:
            return self.shop.shown.get(SKU) == units

        await until(is_shown)

    @property
    def handle(self) -> WorkflowHandle[OutboxWorkflow, None]:
        return self.env.client.get_workflow_handle(identity.outbox_workflow_id())

    async def run_id(self) -> str | None:
        return (await self.handle.describe()).run_id


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """The limit is patience, not a measurement."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 - it is the other side that is watched
            await asyncio.sleep(0.02)
