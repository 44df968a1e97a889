"""Stock levels on their way to the shops. Each shop has a way of its own: one that is away holds up no other."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.limits import Limits
from domain.reference import ShopId
from ports.channels import Channel
from ports.clock import Clock
from ports.errors import PortError
from ports.outbox import Outbox

log = logging.getLogger("lockstep.levels")
NO_PAUSE = timedelta(0)


@dataclass
class Way:
    """The way to one shop. After a failure it rests for `pause`, which doubles with each failure in a row."""

    channel: Channel
    is_busy: bool = False
    pause: timedelta = NO_PAUSE
    rests_until: datetime | None = None


class LevelSender:
    def __init__(self, outbox: Outbox, channels: Mapping[ShopId, Channel], clock: Clock, limits: Limits) -> None:
        self._outbox = outbox
        self._ways = {shop: Way(channel) for shop, channel in channels.items()}
        self._clock = clock
        self._limits = limits

    async def begin(self) -> None:
        """Every shop is told everything: also what was mapped or counted while nobody listened or nobody sent."""
        await self._outbox.begin(self._ways)

    async def round(self, tasks: asyncio.TaskGroup) -> None:
        """Takes what has changed, and sets out for each shop that has something to hear and is not at rest."""
        for shop in await self._outbox.take(self._ways):
            way = self._ways.get(shop)
            if way is not None and not way.is_busy and (way.rests_until or self._clock.now()) <= self._clock.now():
                way.is_busy = True
                tasks.create_task(self._tell(shop, way))

    async def _tell(self, shop: ShopId, way: Way) -> None:
        try:
            while levels := await self._outbox.untold(shop):
                await way.channel.push_levels(levels)
                await self._outbox.told(shop, levels)
                way.pause = NO_PAUSE
        except PortError as error:
            way.pause = min(way.pause * 2 or self._limits.attempts_first_pause, self._limits.levels_longest_pause)
            way.rests_until = self._clock.now() + way.pause
            log.warning("levels not told to %s: %s", shop, error)
            await self._outbox.not_told(shop, str(error))
        finally:
            way.is_busy = False
