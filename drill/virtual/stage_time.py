"""Virtual time for all who act outside: it passes only while every one of them waits for it."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.testservice.v1 import SleepRequest, UnlockTimeSkippingRequest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from ports.clock import FixedClock

SLEEP_PATIENCE = timedelta(minutes=1)  # real time: nothing passes while a step is in flight
PLAY_PATIENCE = timedelta(minutes=10)  # real time: ten times what a batch takes
LOOK = timedelta(seconds=5)  # real time: while a step is in flight, virtual time passes no faster
LONGEST_STEP = timedelta(minutes=6)  # so that whoever is woken by a step waits no longer than this for its turn


class Stalled(Exception):
    """Something is in flight that never ends, so that time does not pass."""


class Stranded(Stalled):
    """The test server lost a workflow task (temporalio/sdk-java, issue 3088): nothing learnt of us."""


async def none_lost() -> set[str]:
    return set()


class StageTime:
    """`clock` shows the time of the last step, to whoever asks in between. `lost`: tasks that seem to be lost."""

    def __init__(
        self, env: WorkflowEnvironment, clock: FixedClock, lost: Callable[[], Awaitable[set[str]]] = none_lost
    ) -> None:
        self.clock = clock
        self._env = env
        self._lost = lost
        self._busy = 0
        self._idle = asyncio.Event()
        self._wakes: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._failures: list[BaseException] = []
        self.is_quiet = False  # then steps are as long as the waits

    def start(self, act: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        self._turn(+1)
        task = asyncio.create_task(act)
        task.add_done_callback(self._over)
        return task

    async def passes(self, *, minutes: float) -> None:
        """For an act: go on when so much time has passed."""
        waiting = asyncio.get_running_loop().create_future()
        heapq.heappush(self._wakes, (self.clock.now() + timedelta(minutes=minutes), next(self._order), waiting))
        self._turn(-1)
        await waiting

    async def play(self) -> None:
        """Until every act is over. Raises what an act raised, Stalled, and Stranded."""
        patience = asyncio.timeout(PLAY_PATIENCE.total_seconds())
        passing = asyncio.create_task(self._pass())
        try:
            async with patience:
                await self._watch(passing)
                await passing
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise Stalled(f"at {self.clock.now():%d %H:%M}: not over after {PLAY_PATIENCE} of real time") from error
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)

    async def _watch(self, passing: "asyncio.Task[None]") -> None:
        """With a lost task time passes as on the wall, without end: whatever is lost in two looks is lost for good.

        Where none is lost and everybody waits, the server holds a lock on time that it forgot.
        """
        suspects: set[str] = set()
        looks = 0
        while not passing.done():
            before = self.clock.now()
            await asyncio.wait([passing], timeout=LOOK.total_seconds())
            looks = looks + 1 if self.clock.now() - before <= LOOK * 1.5 else 0
            seen = await self._lost() if looks and not passing.done() else set()
            if suspects & seen:
                raise Stranded(", ".join(sorted(suspects & seen)))
            if looks > 1 and not seen and not self._busy and not passing.done():
                await self._unlock()
            suspects = seen

    async def _unlock(self) -> None:
        """It may still come back by itself: then there is none to be given back."""
        with suppress(RPCError):
            await self._env.client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())

    async def _pass(self) -> None:
        while True:
            await self._idle.wait()
            if self._failures:
                raise self._failures[0]
            if not self._wakes:
                return
            await self._sleep(self._wakes[0][0])
            while self._wakes and self._wakes[0][0] <= self.clock.now():
                _, _, waiting = heapq.heappop(self._wakes)
                self._turn(+1)
                waiting.set_result(None)

    async def _sleep(self, until: datetime) -> None:
        now = await self._env.get_current_time()
        span = until - now if self.is_quiet else min(until - now, LONGEST_STEP)
        if span > timedelta(0):
            request = SleepRequest()
            request.duration.FromTimedelta(span)
            try:
                await self._env.client.test_service.unlock_time_skipping_with_sleep(request, timeout=SLEEP_PATIENCE)
            except RPCError as error:
                raise Stalled(f"at {now:%d %H:%M} for {SLEEP_PATIENCE.total_seconds():.0f} seconds") from error
        self.clock.time = await self._env.get_current_time()

    def _over(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)
        self._turn(-1)

    def _turn(self, change: int) -> None:
        self._busy += change
        if self._busy:
            self._idle.clear()
        else:
            self._idle.set()
