"""A worker that does not poll any more ends itself, and one that cannot know does not."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from runtime.embedded import EmbeddedTemporal
from runtime.process import run_until_told
from runtime.task_queues import own_polls
from runtime.watchdog import LOOK_EVERY_SECONDS, SILENCE_SECONDS, PollingStopped, Polls, Watchdog
from tests.builders import NOON
from workflows import identity

AWAY = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


class Pollers:
    """Two queues, and a clock that a test moves. `polling`: those that are polled once a minute."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.polling = {"orders", "payments"}
        self.away = False
        self.last: dict[str, datetime | None] = {"orders": None, "payments": None}
        self.watchdog = Watchdog(self.ask)

    async def ask(self) -> Polls:
        if self.away:
            raise AWAY
        for queue in self.polling:
            self.last[queue] = NOON + timedelta(seconds=self.seconds // 60 * 60)
        return dict(self.last)

    async def pass_by(self, seconds: float) -> None:
        """With a look every quarter of a minute."""
        for _ in range(int(seconds / LOOK_EVERY_SECONDS)):
            self.seconds += LOOK_EVERY_SECONDS
            await self.watchdog.look()


async def test_a_worker_that_polls_once_a_minute_is_left_alone() -> None:
    await Pollers().pass_by(24 * 3600)


async def test_a_queue_that_is_not_polled_any_more_ends_the_worker_and_is_named() -> None:
    pollers = Pollers()
    await pollers.pass_by(600)
    pollers.polling = {"orders"}
    await pollers.pass_by(SILENCE_SECONDS - 60)
    with pytest.raises(PollingStopped, match="payments"):
        await pollers.pass_by(120)


async def test_a_queue_that_was_never_polled_ends_the_worker() -> None:
    pollers = Pollers()
    pollers.polling = {"payments"}
    with pytest.raises(PollingStopped, match="orders"):
        await pollers.pass_by(SILENCE_SECONDS + 2 * LOOK_EVERY_SECONDS)


async def test_while_temporal_is_away_nothing_is_said_and_afterwards_the_pollers_have_their_time_again() -> None:
    pollers = Pollers()
    await pollers.pass_by(600)
    pollers.away, pollers.polling = True, set()
    await pollers.pass_by(3600)
    pollers.away = False
    await pollers.pass_by(SILENCE_SECONDS)
    pollers.polling = {"orders", "payments"}
    await pollers.pass_by(600)


async def test_pollers_that_do_not_come_back_with_temporal_end_the_worker() -> None:
    pollers = Pollers()
    await pollers.pass_by(600)
    pollers.away, pollers.polling = True, set()
    await pollers.pass_by(3600)
    pollers.away = False
    with pytest.raises(PollingStopped):
        await pollers.pass_by(SILENCE_SECONDS + 2 * LOOK_EVERY_SECONDS)


async def test_a_temporal_that_tells_of_no_poll_at_all_ends_nobody() -> None:
    pollers = Pollers()
    pollers.polling = set()
    await pollers.pass_by(3600)


async def test_a_process_that_was_paused_for_an_hour_goes_on() -> None:
    pollers = Pollers()
    await pollers.pass_by(600)
    pollers.polling = set()  # they are about to poll again when the watchdog looks
    pollers.seconds += 3600
    await pollers.pass_by(LOOK_EVERY_SECONDS)
    pollers.polling = {"orders", "payments"}
    await pollers.pass_by(600)


class Idle:
    """A worker that works until it is told to stop."""

    task_queue = "orders"

    def __init__(self) -> None:
        self.told = asyncio.Event()

    async def run(self) -> None:
        await self.told.wait()

    async def shutdown(self) -> None:
        self.told.set()


@pytest.fixture
async def no_traces(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The life of a process sets a hard end and answers signals: not those of the process that tests it."""
    monkeypatch.setattr("runtime.process.HARD_STOP_SECONDS", 1e9)
    yield
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


@pytest.mark.usefixtures("no_traces")
async def test_when_the_watchdog_barks_the_workers_drain_and_the_process_ends_with_the_error() -> None:
    worker, watchdog = Idle(), Watchdog(Pollers().ask)

    async def bark() -> None:
        raise PollingStopped("orders")

    watchdog.run = bark  # type: ignore[method-assign]
    with pytest.raises(PollingStopped):
        await run_until_told([cast("Worker", worker)], watchdog)
    assert worker.told.is_set()


@activity.defn
async def nothing() -> None: ...


@pytest.fixture
async def temporal() -> AsyncIterator[EmbeddedTemporal]:
    async with EmbeddedTemporal.throwaway(ui=False) as server:
        yield server


@pytest.mark.slow
async def test_temporal_knows_when_this_process_polled(temporal: EmbeddedTemporal) -> None:
    client = await Client.connect(temporal.address)
    assert await own_polls(client, [identity.PAYMENTS]) == {identity.PAYMENTS: None}
    async with Worker(client, task_queue=identity.PAYMENTS, activities=[nothing]):
        async with asyncio.timeout(10):
            while (await own_polls(client, [identity.PAYMENTS]))[identity.PAYMENTS] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await own_polls(client, identity.TASK_QUEUES))[identity.ORDERS] is None
