"""Entities and shops: who sells where, and to which merchant account the money goes."""

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.tables import entities, shops


@dataclass(frozen=True)
class Shop:
    """`provider` and `account` name the merchant account (settings) that its trades are paid to."""

    channel: str
    shop_id: str
    entity_id: str
    name: str
    provider: str
    account: str
    reserve_on_order: bool = False
    track_by_number: bool = True
    region: str = ""


async def add_entity(db: AsyncConnection, entity_id: str, name: str, time_zone: str) -> None:
    row = {"id": entity_id, "name": name, "time_zone": time_zone}
    await db.execute(insert(entities).on_conflict_do_update(index_elements=["id"], set_=row), row)


async def add_shop(db: AsyncConnection, shop: Shop) -> None:
    row = asdict(shop)
    await db.execute(insert(shops).on_conflict_do_update(index_elements=["channel", "shop_id"], set_=row), row)


async def find_shop(db: AsyncConnection, channel: str, shop_id: str) -> Shop | None:
    query = select(shops).where(shops.c.channel == channel, shops.c.shop_id == shop_id)
    row = (await db.execute(query)).mappings().one_or_none()
    return None if row is None else Shop(**row)
