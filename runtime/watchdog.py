"""A worker that is alive and takes no work is worse than a dead one: nobody starts it anew.

Temporal is asked when this process polled last. What counts is whether that moves on, so that two clocks which disagree
do no harm. While Temporal does not answer, nothing can be said, and afterwards the pollers have their time again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from temporalio.service import RPCError

log = logging.getLogger("lockstep.watchdog")
SILENCE_SECONDS = 90.0  # a poll lasts a minute
LOOK_EVERY_SECONDS = 15.0

Polls = Mapping[str, datetime | None]


class PollingStopped(Exception):
    """The process must end, so that whoever watches over it starts another."""


class Watchdog:
    """`ask`: task queue -> when this process polled it last; raises RPCError while Temporal does not answer."""

    def __init__(self, ask: Callable[[], Awaitable[Polls]], seconds: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._seconds = seconds
        self._moved: dict[str, tuple[datetime | None, float]] = {}  # the last poll, and since when we know of it

    async def run(self) -> None:
        """Until something is wrong. Raises PollingStopped."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        try:
            polls = await self._ask()
        except RPCError:
            self._moved.clear()
            return
        now = self._seconds()
        for queue, last in polls.items():
            known, since = self._moved.get(queue, (None, now))
            if queue not in self._moved or last != known:
                self._moved[queue] = (last, now)
            elif now - since > SILENCE_SECONDS:
                log.error("no poll of %s for %.0f seconds, and Temporal answers: this worker ends", queue, now - since)
                raise PollingStopped(f"this worker does not poll {queue} any more")
