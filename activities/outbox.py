"""The one sender of what the outbox holds: docs/sop.md, section 7."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence

from temporalio import activity

from activities.levels import LevelSender
from activities.news import NewsSender
from domain.limits import Limits
from domain.reference import ShopId
from ports.channels import Channel
from ports.clock import Clock
from ports.outbox import Outbox, SenderTurn
from ports.reminders import Reminders

log = logging.getLogger("lockstep.outbox")
LOOK_EVERY_SECONDS = 1.0  # real ones: what changes in between goes out as one level
FORGET_EVERY = 60  # looks


class OutboxActivities:
    """`channels`: the shops that listen. `reminders`: looked for by the sender, too, since there is only one."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[ShopId, Channel],
        reminders: Reminders,
        news: NewsSender,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._reminders = reminders
        self._news = news
        self._clock = clock
        self._limits = limits

    @activity.defn(name="outbox.send")
    async def send(self, turn: SenderTurn) -> None:
        """Until the turn ends or this worker is told to stop; what is under way ends first."""
        look_at = self._clock.now()
        looking: asyncio.Task[None] | None = None
        ends_at = look_at + turn.lasts
        sender = LevelSender(self._outbox, self._channels, self._clock, self._limits)
        await sender.begin()
        looks = itertools.count()
        try:
            async with asyncio.TaskGroup() as tasks:
                while not activity.is_worker_shutdown() and self._clock.now() < ends_at:
                    activity.heartbeat()
                    await sender.round(tasks)
                    self._news.round(tasks)
                    if look_at <= self._clock.now() and (looking is None or looking.done()):
                        looking = tasks.create_task(self._remind())  # beside the levels: there may be many to tell
                        look_at = self._clock.now() + self._limits.reminders_every
                    if next(looks) % FORGET_EVERY == 0:
                        await self._outbox.forget_sent()
                    await _until_next_look()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _remind(self) -> None:
        try:
            await self._reminders.look()
        except Exception:  # whatever keeps a superior from being told, no shop waits for its levels
            log.exception("nobody could be told of what stays open: it is tried again")

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (self.send,)


async def _until_next_look() -> None:
    """Ends at once when the worker is told to stop."""
    try:
        async with asyncio.timeout(LOOK_EVERY_SECONDS):
            await activity.wait_for_worker_shutdown()
    except TimeoutError:
        return
