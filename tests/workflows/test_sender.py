"""The sender's other duties: whom to remind, and news. They must not come between a shop and its levels."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.news import NewsSender
from activities.outbox import OutboxActivities
from adapters.news.console import ConsoleNews
from domain.limits import Limits
from domain.reference import ShopId
from ports.clock import FixedClock
from ports.news import NewsMessage, NewsOutbox
from ports.outbox import Outbox, SenderTurn
from ports.reminders import Reminders
from tests.builders import NOON


class Quiet:
    """An outbox in which nothing lies; each look takes an hour of the clock."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.looks = 0

    async def begin(self, shops: Collection[ShopId]) -> None:
        pass

    async def take(self, shops: Collection[ShopId]) -> tuple[ShopId, ...]:
        del shops
        self.looks += 1
        self.clock.time += timedelta(hours=1)
        return ()

    async def forget_sent(self) -> None:
        pass


class Broken(Reminders):
    """People who do not fit together, such as after a restore."""

    def __init__(self) -> None:
        self.looks = 0

    async def look(self) -> int:
        self.looks += 1
        raise RuntimeError("nobody knows who works here")


class Unreadable(NewsOutbox):
    """News that nobody can read."""

    def __init__(self) -> None:
        self.looks = 0

    async def take(self) -> tuple[NewsMessage, ...]:
        self.looks += 1
        raise RuntimeError("no such topic")

    async def sent(self, message_id: str) -> None: ...

    async def not_sent(self, message_id: str, why: str) -> None: ...


async def test_a_watch_or_news_that_fails_is_tried_again_and_keeps_no_level_from_its_shop() -> None:
    clock = FixedClock(NOON)
    quiet, broken, unreadable = Quiet(clock), Broken(), Unreadable()
    news = NewsSender(unreadable, ConsoleNews(), clock, Limits())
    outbox: Outbox = quiet  # type: ignore[assignment]  # only what is asked here
    sending = OutboxActivities(outbox, {}, broken, news, clock, Limits())
    async with asyncio.timeout(20):
        await ActivityEnvironment().run(sending.send, SenderTurn(timedelta(hours=2)))
    assert (quiet.looks, broken.looks, unreadable.looks) == (2, 2, 2)
