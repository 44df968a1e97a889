"""The outbox, and what each shop has not been told yet.

Who changes what is available leaves a row (triggers: migration 0004). The sender turns rows into `untold_levels`, one
for each shop and platform sku that they concern, with a version that only grows; a level is read when it is sent, and
forgotten when it was told under the version it was read with.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import CaseDecision, Cause, Choice, NewCase
from domain.limits import Limits
from domain.reference import ShopId
from domain.stock import Component, sellable
from persistence import cases
from persistence.engine import reading
from persistence.tables import cases as case_rows
from persistence.tables import stock, untold_levels
from ports.channels import ShopLevel
from ports.clock import Clock
from ports.measures import UNMEASURED, Measures
from ports.outbox import Outbox

CHANGES_AT_ONCE = 5_000
LEVELS_PER_MESSAGE = 500
FORGOTTEN_AT_ONCE = 10_000

# Whoever writes untold levels takes his turn: so versions grow in the order in which they are committed.
_TURN = text("select pg_advisory_xact_lock(hashtext('lockstep levels'))")

# The clock keeps versions growing even where an older record is restored: a shop would drop all that seems late.
_INTO_UNTOLD = """
    insert into untold_levels (channel, shop_id, platform_sku, version, since)
    select channel, shop_id, platform_sku,
      (select setval('level_versions', greatest(nextval('level_versions'), :now_ms))), :now
    from concerned
"""
_TAKE = text(
    f"""
    with changed as (
        update outbox set sent_at = :now
        where seq in (
            select seq from outbox where sent_at is null and kind = 'stock_level' order by seq limit :at_once
        )
        returning subject
    ), concerned as (
        select distinct m.channel, m.shop_id, m.platform_sku
        from (select distinct subject from changed) c
        join sku_matches m on m.components @> jsonb_build_array(jsonb_build_object('sku', c.subject))
        where m.channel || '/' || m.shop_id = any(:shops) and not exists (
            select from sku_matches n
            where (n.channel, n.shop_id, n.platform_sku) = (m.channel, m.shop_id, m.platform_sku)
              and n.version > m.version
        )
    )
    {_INTO_UNTOLD}
    on conflict (channel, shop_id, platform_sku) do update set version = excluded.version
    """  # noqa: S608 - put together from constants
)
_EVERYTHING = text(
    f"""
    with concerned as (
        select distinct channel, shop_id, platform_sku from sku_matches where channel || '/' || shop_id = any(:shops)
    )
    {_INTO_UNTOLD}
    on conflict do nothing
    """  # noqa: S608 - put together from constants
)
_NOBODY_LISTENS = text("delete from untold_levels where channel || '/' || shop_id <> all(:shops)")
_WAITING = select(untold_levels.c.channel, untold_levels.c.shop_id).distinct()
_UNTOLD = text(
    """
    select u.platform_sku, u.version, m.components
    from untold_levels u join lateral (
        select components from sku_matches m
        where (m.channel, m.shop_id, m.platform_sku) = (u.channel, u.shop_id, u.platform_sku)
        order by m.version desc limit 1
    ) m on true
    where u.channel = :channel and u.shop_id = :shop_id order by u.since, u.platform_sku limit :at_once
    """
)
_TOLD = text(
    """
    delete from untold_levels u
    using unnest(cast(:skus as text[]), cast(:versions as bigint[])) as told (platform_sku, version)
    where u.channel = :channel and u.shop_id = :shop_id
      and (u.platform_sku, u.version) = (told.platform_sku, told.version)
    """
)
_LONGEST = text("select min(since) from untold_levels where channel = :channel and shop_id = :shop_id")
_FORGET = text(
    """
    delete from outbox where seq in (
        select seq from (select seq, sent_at from outbox order by seq limit :at_once) oldest where sent_at < :before
    )
    """
)


class PostgresOutbox(Outbox):
    def __init__(self, engine: AsyncEngine, clock: Clock, limits: Limits, measures: Measures = UNMEASURED) -> None:
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._measures = measures

    async def begin(self, shops: Collection[ShopId]) -> None:
        async with self._engine.begin() as db:
            await db.execute(_TURN)
            await db.execute(_NOBODY_LISTENS, {"shops": [str(shop) for shop in shops]})
            await self._concern(db, _EVERYTHING, shops)

    async def take(self, shops: Collection[ShopId]) -> tuple[ShopId, ...]:
        async with self._engine.begin() as db:
            await db.execute(_TURN)
            await self._concern(db, _TAKE, shops, at_once=CHANGES_AT_ONCE)
            return tuple(ShopId(row.channel, row.shop_id) for row in await db.execute(_WAITING))

    async def _concern(self, db: AsyncConnection, change: TextClause, shops: Collection[ShopId], **more: Any) -> None:
        now = self._clock.now()
        listening = [str(shop) for shop in shops]
        await db.execute(change, {"now": now, "now_ms": _milliseconds(now), "shops": listening, **more})

    async def untold(self, shop: ShopId) -> tuple[ShopLevel, ...]:
        async with reading(self._engine) as db:
            rows = (await db.execute(_UNTOLD, {**vars(shop), "at_once": LEVELS_PER_MESSAGE})).all()
            parts = {row.platform_sku: [Component(**each) for each in row.components] for row in rows}
            skus = {each.sku for components in parts.values() for each in components}
            query = select(stock.c.sku, (stock.c.on_hand - stock.c.reserved).label("free")).where(stock.c.sku.in_(skus))
            free = {row.sku: row.free for row in await db.execute(query)}
        return tuple(ShopLevel(row.platform_sku, sellable(parts[row.platform_sku], free), row.version) for row in rows)

    async def told(self, shop: ShopId, levels: tuple[ShopLevel, ...]) -> None:
        skus, versions = [each.platform_sku for each in levels], [each.version for each in levels]
        async with self._engine.begin() as db:
            await db.execute(_TURN)
            await db.execute(_TOLD, {**vars(shop), "skus": skus, "versions": versions})
            await self._settle_case(db, shop)

    async def _settle_case(self, db: AsyncConnection, shop: ShopId) -> None:
        query = select(case_rows.c.id).where(
            case_rows.c.order_id.is_(None),
            case_rows.c.cause == Cause.LEVELS_NOT_PUSHED,
            case_rows.c.subject == str(shop),
            case_rows.c.settled_at.is_(None),
        )
        case_id = (await db.execute(query)).scalar_one_or_none()
        if case_id is not None:
            reason = "settled itself: the shop takes levels again"
            await cases.settle(db, CaseDecision(case_id, Choice.CLOSE, "outbox", reason), self._clock.now())

    async def not_told(self, shop: ShopId, why: str) -> None:
        async with self._engine.begin() as db:
            opened = await self._open_case_if_late(db, shop, why)
        if opened:
            self._measures.case_opened(Cause.LEVELS_NOT_PUSHED)

    async def _open_case_if_late(self, db: AsyncConnection, shop: ShopId, why: str) -> bool:
        now, limit = self._clock.now(), self._limits.case_decision
        since = (await db.execute(_LONGEST, vars(shop))).scalar_one()
        if since is None or since > now - self._limits.levels_late:
            return False
        detail = f"it has taken no level since {since.isoformat(timespec='seconds')}"
        case = NewCase(Cause.LEVELS_NOT_PUSHED, str(shop), detail)
        return await cases.open_case(db, None, case, now=now, limit=limit, last_error=why)

    async def forget_sent(self) -> None:
        before = self._clock.now() - self._limits.outbox_kept
        async with self._engine.begin() as db:
            await db.execute(_FORGET, {"before": before, "at_once": FORGOTTEN_AT_ONCE})


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
