"""What customers make of their refunds: one score from 1 to 5 each, the last one that they gave."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from persistence.refund_tables import refund_ratings, refunds

WORST, BEST = 1, 5


async def rate(db: AsyncConnection, refund_id: str, score: int, now: datetime) -> None:
    new = insert(refund_ratings).values(refund_id=refund_id, score=score, at=now)
    again = {"score": new.excluded.score, "at": new.excluded.at}
    await db.execute(new.on_conflict_do_update(index_elements=["refund_id"], set_=again))


async def of_order(db: AsyncConnection, order_id: OrderId) -> dict[str, int]:
    """{refund: score} of those that were rated."""
    query = select(refund_ratings.c.refund_id, refund_ratings.c.score).join(refunds)
    rows = await db.execute(query.where(refunds.c.order_id == str(order_id)))
    return {row.refund_id: row.score for row in rows}
