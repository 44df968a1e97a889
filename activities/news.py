"""News on its way out. Whoever carries it may be away: then it rests, and nothing is lost."""

import asyncio
import logging
from datetime import datetime, timedelta

from domain.limits import Limits
from ports.clock import Clock
from ports.errors import PortError
from ports.news import NewsCarrier, NewsMessage, NewsOutbox

log = logging.getLogger("lockstep.news")
NO_PAUSE = timedelta(0)


class NewsSender:
    """After a failure it rests, as the way to a shop does: twice as long after each failure in a row."""

    def __init__(self, outbox: NewsOutbox, carrier: NewsCarrier, clock: Clock, limits: Limits) -> None:
        self._outbox = outbox
        self._carrier = carrier
        self._clock = clock
        self._limits = limits
        self._is_busy = False
        self._pause = NO_PAUSE
        self._rests_until: datetime | None = None

    def round(self, tasks: asyncio.TaskGroup) -> None:
        """Sets out, unless it is under way or at rest."""
        if not self._is_busy and (self._rests_until or self._clock.now()) <= self._clock.now():
            self._is_busy = True
            tasks.create_task(self._send())

    async def _send(self) -> None:
        """Some at a time, so that a worker which is told to stop soon has. No shop waits for this."""
        try:
            for message in await self._outbox.take():
                if not await self._is_carried(message):
                    return
        except Exception:  # whatever it is, levels go on to their shops
            log.exception("news could not be sent: it is tried again")
            self._rest()
        finally:
            self._is_busy = False

    async def _is_carried(self, message: NewsMessage) -> bool:
        """A crash before the record knows of it sends the same message, under the same id, once more."""
        try:
            await self._carrier.carry(message)
        except PortError as error:
            self._rest()
            log.warning("news %s not sent: %s", message.id, error)
            await self._outbox.not_sent(message.id, str(error))
            return False
        await self._outbox.sent(message.id)
        self._pause = NO_PAUSE
        return True

    def _rest(self) -> None:
        self._pause = min(self._pause * 2 or self._limits.attempts_first_pause, self._limits.levels_longest_pause)
        self._rests_until = self._clock.now() + self._pause
