"""How things stand, looked up now and then for the gauges. A look that fails shows: its readings are gone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from domain.case import Cause
from domain.order import Stage
from persistence.engine import reading
from persistence.standing import MOMENTS, Standing, Waiting, standing
from runtime import metric_names as names
from runtime.metrics import UNCOLLECTED, Reading
from runtime.task_queues import pollers
from runtime.wiring import House

log = logging.getLogger("lockstep.watch")
LOOK_EVERY_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
ENDED = (Stage.COMPLETED, Stage.CANCELLED, Stage.CLOSED_UNPAID)


@asynccontextmanager
async def watching(house: House) -> AsyncIterator[None]:
    """Looks until the block ends; not at all where nobody collects metrics."""
    if house.metrics is UNCOLLECTED:
        yield
        return
    watch = Watch(house)
    house.metrics.standing = watch.readings
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Watch:
    def __init__(self, house: House) -> None:
        self._house = house
        self._seen: dict[str, list[Reading]] = {}

    def readings(self) -> Iterable[Reading]:
        return [reading for seen in list(self._seen.values()) for reading in seen]

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        await self._look_at("record", self._record)
        await self._look_at("temporal", self._temporal)

    async def _look_at(self, what: str, look: Callable[[], Awaitable[list[Reading]]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._seen[what] = [*await look(), Reading(names.LOOK_WORKED, (what,), 1)]
        except Exception as error:  # noqa: BLE001 - whatever keeps it from answering, the gauges must not show old figures
            log.warning("%s cannot be looked at: %s", what, type(error).__name__)
            self._seen[what] = [Reading(names.LOOK_WORKED, (what,), 0)]

    async def _record(self) -> list[Reading]:
        now = self._house.clock.now()
        async with reading(self._house.engine) as db:
            return _readings(await standing(db, now), now)

    async def _temporal(self) -> list[Reading]:
        found = await pollers(self._house.temporal, self._house.clock.now())
        return [Reading(names.QUEUE_POLLERS, (queue,), count) for queue, count in found.items()]


def _readings(found: Standing, now: datetime) -> list[Reading]:
    """Every stage and cause, so that none is zero and nothing known is nothing shown."""
    readings = []
    for what, waiting in (("evidence", found.evidence), ("outbox", found.outbox)):
        readings.append(Reading(names.BACKLOG, (what,), waiting.count))
        readings.append(Reading(names.BACKLOG_OLDEST, (what,), _age(waiting, now)))
    for stage in Stage:
        if stage not in ENDED:
            waiting = found.orders.get(stage, Waiting())
            readings.append(Reading(names.ORDERS_OPEN, (stage,), waiting.count))
            readings.append(Reading(names.ORDERS_OLDEST, (stage,), _age(waiting, now)))
    for stage in MOMENTS:
        waiting = found.unattended.get(stage, Waiting())
        readings.append(Reading(names.ORDERS_UNATTENDED, (stage,), _age(waiting, now)))
    for cause in Cause:
        readings.append(Reading(names.CASES_OPEN, (cause,), found.open_cases.get(cause, 0)))
        readings.append(Reading(names.CASES_OVERDUE, (cause,), found.overdue_cases.get(cause, 0)))
    return readings


def _age(waiting: Waiting, now: datetime) -> float:
    return max(0.0, (now - waiting.since).total_seconds()) if waiting.since else 0.0
