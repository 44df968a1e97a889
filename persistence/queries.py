"""The read side: what pages, commands and the intake ask of the record."""

from sqlalchemy import exists, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from persistence.edge_tables import inbound_events
from persistence.tables import orders, shipments


async def answers(db: AsyncConnection) -> None:
    """Raises whatever keeps Postgres from answering."""
    await db.execute(select(literal(1)))


async def any_order(db: AsyncConnection) -> bool:
    return (await db.execute(select(orders.c.id).limit(1))).first() is not None


async def order_is_recorded(db: AsyncConnection, order_id: OrderId) -> bool:
    query = select(exists().where(orders.c.id == str(order_id)))
    return bool((await db.execute(query)).scalar_one())


async def order_is_known(db: AsyncConnection, order_id: OrderId) -> bool:
    """In the record, or on its way there."""
    coming = exists().where(
        inbound_events.c.order_id == str(order_id),
        inbound_events.c.kind == "order.placed",
        inbound_events.c.verdict == "accepted",
    )
    recorded = exists().where(orders.c.id == str(order_id))
    return bool((await db.execute(select(or_(recorded, coming)))).scalar_one())


async def customer_of(db: AsyncConnection, order_id: OrderId) -> str | None:
    query = select(orders.c.customer_id).where(orders.c.id == str(order_id))
    return (await db.execute(query)).scalar_one_or_none()


async def parcel_is_recorded(db: AsyncConnection, order_id: OrderId, parcel_no: str, *, delivered: bool) -> bool:
    moment = shipments.c.delivered_at if delivered else shipments.c.shipped_at
    query = select(literal(1)).where(
        shipments.c.order_id == str(order_id), shipments.c.parcel_no == parcel_no, moment.is_not(None)
    )
    return (await db.execute(query)).first() is not None
