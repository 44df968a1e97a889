"""Stock rows: one pool per sku. Locks are taken in the order of the sku, so two orders can't deadlock."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.order import Order
from domain.stock import Component, Demand, SkuMatch, explode, units_by_sku
from persistence.sheet import as_json
from persistence.tables import sku_matches, stock

_AVAILABLE = (
    select(stock.c.sku, (stock.c.on_hand - stock.c.reserved).label("free"))
    .where(stock.c.sku.in_(bindparam("skus", expanding=True)))
    .order_by(stock.c.sku)
    .with_for_update()
)
_RESERVE = text("update stock set reserved = reserved + :units where sku = :sku")
_RESERVE_LINES = text(
    """
    with taken as (
      update stock s set reserved = s.reserved + x.units
      from (select sku, sum(quantity) as units
            from jsonb_to_recordset(:lines) as y(sku text, quantity int) group by sku) x
      where s.sku = x.sku
    )
    insert into reservations (order_id, line_id, sku, quantity)
    select :order_id, line_id, sku, quantity
    from jsonb_to_recordset(:lines) as x(line_id text, sku text, quantity int)
    on conflict (order_id, line_id) do update set quantity = reservations.quantity + excluded.quantity
    """
)
_GIVE_BACK = text("update reservations set quantity = quantity - :units where order_id = :id and line_id = :line")
_HELD = text("select line_id, sku, quantity - shipped as units from reservations where order_id = :id and not released")
_FREE = text("update reservations set released = true where order_id = :id")
_SHIP_LINE = text(
    """
    update reservations r set shipped = least(r.quantity, r.shipped + :units)
    from (select released, shipped from reservations where order_id = :id and line_id = :line for update) before
    where r.order_id = :id and r.line_id = :line
    returning r.released, r.shipped - before.shipped as units
    """
)
_LEAVE = text("update stock set on_hand = on_hand - :units, reserved = reserved - :units where sku = :sku")
_PUT_BACK = text("update stock set on_hand = on_hand + :units where sku = :sku")
_LEAVE_FREE = text("update stock set on_hand = greatest(on_hand - :units, reserved) where sku = :sku")


async def match_lines(db: AsyncConnection, order: Order) -> tuple[tuple[Demand, ...], tuple[str, ...]]:
    """The unmatched lines in own skus, as far as the newest matches go, and the ids of lines that stay unmatched."""
    lines = [line for line in order.lines if line.line_id in order.unmatched]
    if not lines:
        return (), ()
    query = (
        select(sku_matches.c.platform_sku, sku_matches.c.version, sku_matches.c.components)
        .where(
            sku_matches.c.channel == order.id.channel,
            sku_matches.c.shop_id == order.id.shop_id,
            sku_matches.c.platform_sku.in_([line.platform_sku for line in lines]),
        )
        .order_by(sku_matches.c.version)
    )
    newest = {row.platform_sku: row for row in await db.execute(query)}
    found = {
        sku: SkuMatch(row.version, tuple(Component(**each) for each in row.components)) for sku, row in newest.items()
    }
    matched = [
        demand
        for line in lines
        if line.platform_sku in found
        for demand in explode(line.line_id, line.quantity, line.cash, found[line.platform_sku])
    ]
    return tuple(matched), tuple(line.line_id for line in lines if line.platform_sku not in found)


async def free(db: AsyncConnection, wanted: Iterable[Demand]) -> dict[str, int]:
    """Units per wanted sku that nobody has reserved; locked until the transaction ends, so that they stay free."""
    skus = list(units_by_sku(wanted))
    return {row.sku: row.free for row in await db.execute(_AVAILABLE, {"skus": skus})} if skus else {}


async def reserve(db: AsyncConnection, order_id: str, taken: tuple[Demand, ...]) -> None:
    """More units of these lines, whose skus `free` has locked; the database refuses those that are not free."""
    if not taken:
        return
    lines = [{"line_id": each.line_id, "sku": each.sku, "quantity": each.quantity} for each in taken]
    await db.execute(_RESERVE_LINES, {"order_id": order_id, "lines": as_json(lines)})


async def give_back(db: AsyncConnection, order_id: str, goods: tuple[Demand, ...]) -> None:
    """These units are free again, the others stay reserved."""
    for sku, units in units_by_sku(goods).items():
        await db.execute(_RESERVE, {"sku": sku, "units": -units})
    for each in goods:
        await db.execute(_GIVE_BACK, {"id": order_id, "line": each.line_id, "units": each.quantity})


async def release(db: AsyncConnection, order_id: str) -> None:
    """What the order reserved and did not ship is free again; nobody else's reservation is touched."""
    held: dict[str, int] = {}
    for row in (await db.execute(_HELD, {"id": order_id})).all():
        held[row.sku] = held.get(row.sku, 0) + row.units
    for sku, units in sorted(held.items()):
        await db.execute(_RESERVE, {"sku": sku, "units": -units})
    await db.execute(_FREE, {"id": order_id})


async def ship(db: AsyncConnection, order_id: str, goods: Iterable[Demand]) -> None:
    """Goods left the house: out of stock and out of the reservation, never more than was reserved."""
    for each in sorted(goods, key=lambda demand: demand.sku):
        row = (
            await db.execute(_SHIP_LINE, {"id": order_id, "line": each.line_id, "units": each.quantity})
        ).one_or_none()
        if row is not None:
            await db.execute(_LEAVE_FREE if row.released else _LEAVE, {"sku": each.sku, "units": row.units})


async def put_back(db: AsyncConnection, goods: Iterable[Demand]) -> None:
    """Goods came back and are good: they can be sold again."""
    for sku, units in units_by_sku(goods).items():
        await db.execute(_PUT_BACK, {"sku": sku, "units": units})


async def set_level(db: AsyncConnection, sku: str, on_hand: int) -> int | None:
    """A counted level; the one before is the answer. Refused by the database below what is reserved."""
    before = await db.execute(text("select on_hand from stock where sku = :sku for update"), {"sku": sku})
    level: int | None = before.scalar_one_or_none()
    await db.execute(
        text("insert into stock (sku, on_hand) values (:sku, :n) on conflict (sku) do update set on_hand = :n"),
        {"sku": sku, "n": on_hand},
    )
    return level


async def set_category(db: AsyncConnection, sku: str, category: str) -> str | None:
    """The one before is the answer; None where there is no such sku."""
    before = await db.execute(text("select category from stock where sku = :sku for update"), {"sku": sku})
    found: str | None = before.scalar_one_or_none()
    if found is not None:
        await db.execute(
            text("update stock set category = :category where sku = :sku"), {"sku": sku, "category": category}
        )
    return found


async def add_match(
    db: AsyncConnection, key: tuple[str, str, str], components: Iterable[Mapping[str, object]], now: datetime
) -> int:
    """A new version of (channel, shop, platform sku) -> components; the version is the answer."""
    channel, shop_id, platform_sku = key
    row = await db.execute(
        text(
            """
            insert into sku_matches (channel, shop_id, platform_sku, version, components, valid_from)
            select :channel, :shop, :sku, coalesce(max(version), 0) + 1, cast(:components as jsonb), :now
            from sku_matches where channel = :channel and shop_id = :shop and platform_sku = :sku
            returning version
            """
        ),
        {
            "channel": channel,
            "shop": shop_id,
            "sku": platform_sku,
            "components": json.dumps([dict(each) for each in components]),
            "now": now,
        },
    )
    return int(row.scalar_one())
