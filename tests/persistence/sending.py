"""A sender over a real record, with two shops that listen."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.levels import LevelSender
from domain.limits import Limits
from domain.reference import ShopId
from drill.virtual.fakes import FakeShop
from persistence import stock
from persistence.outbox import PostgresOutbox
from ports.clock import FixedClock
from tests.builders import NOON

TEA, EAST = ShopId("shop", "tea"), ShopId("shop", "east")
GREEN, CUP, BOX = "TEA-GREEN-250", "CUP-WHITE", "TEA-GIFTBOX"
EVERYTHING = {
    **dict.fromkeys(("TEA-BLACK-250", "TEA-OOLONG-100", "TEA-PUER-357", "TEA-JASMINE-100", "TEA-CUP"), 1000),
    GREEN: 1000,
    CUP: 1000,
    BOX: 500,
}


async def until(holds: Callable[[], object]) -> None:
    """The limit is patience, not a measurement."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it is the other side that is watched
            await asyncio.sleep(0.01)


@dataclass
class Sending:
    """A sender over a real record: `tea` sells everything, `east` green tea under another name."""

    record: AsyncEngine
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    limits: Limits = field(default_factory=Limits)
    tea: FakeShop = field(default_factory=FakeShop)
    east: FakeShop = field(default_factory=FakeShop)

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """As after a crash: what the sender had in its head is gone."""
        self.outbox = PostgresOutbox(self.record, self.clock, self.limits)
        self.sender = LevelSender(self.outbox, {TEA: self.tea, EAST: self.east}, self.clock, self.limits)

    async def round(self) -> None:
        """One look, and everything that comes of it."""
        async with asyncio.TaskGroup() as tasks:
            await self.sender.round(tasks)

    async def begin(self) -> None:
        await self.sender.begin()
        await self.round()
        for shop in (self.tea, self.east):
            shop.messages.clear()

    async def set_level(self, sku: str, units: int) -> None:
        async with self.record.begin() as db:
            await stock.set_level(db, sku, units)

    async def match(self, shop: ShopId, platform_sku: str, **parts: int) -> None:
        rows = [{"sku": sku.replace("_", "-"), "quantity": count, "price_weight": 1} for sku, count in parts.items()]
        async with self.record.begin() as db:
            await stock.add_match(db, (shop.channel, shop.shop_id, platform_sku), rows, NOON)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with self.record.connect() as db:
            return [tuple(row) for row in await db.execute(text(sql))]

    async def untold(self) -> list[tuple[object, ...]]:
        return await self.rows("select shop_id, platform_sku from untold_levels order by 1, 2")

    async def cases(self) -> list[tuple[object, ...]]:
        return await self.rows("select subject, choice, last_error from cases order by opened_at")
