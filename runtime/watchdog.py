"""A worker that is alive and takes no work is worse than a dead one: nobody starts it anew.

Temporal is asked when this process polled last. What counts is whether that moves on, so that two clocks which disagree
do no harm. While Temporal does not answer, or tells of no poll at all, nothing can be said, and afterwards the pollers
have their time again: a server that stopped to report pollers must not end every worker there is.
"""

import asyncio
import logging
from collections import Counter
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

    def __init__(self, ask: Callable[[], Awaitable[Polls]]) -> None:
        self._ask = ask
        self._last: dict[str, datetime | None] = {}
        self._vain: Counter[str] = Counter()  # looks in a row that found no further poll

    async def run(self) -> None:
        """Until something is wrong. Raises PollingStopped."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Looks are counted, not seconds: a process that was paused and goes on has done nothing wrong."""
        try:
            polls = await self._ask()
        except RPCError:
            polls = {}
        if not any(polls.values()):
            self._last.clear()
            return
        for queue, last in polls.items():
            stands = queue in self._last and self._last[queue] == last
            self._last[queue] = last
            self._vain[queue] = self._vain[queue] + 1 if stands else 0
            if self._vain[queue] * LOOK_EVERY_SECONDS >= SILENCE_SECONDS:
                log.error("no poll of %s any more, and Temporal answers: this worker ends", queue)
                raise PollingStopped(f"this worker does not poll {queue} any more")
