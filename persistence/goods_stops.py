"""What refunds asked their order to keep from leaving, and what came of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import Money
from domain.refund import Goods
from domain.refund_goods import StopAnswer
from domain.stopping import Stopped
from persistence.refund_tables import goods_stops, refunds
from ports.records import GoodsStopAsked


async def ask(db: AsyncConnection, fact: GoodsStopAsked, units: dict[str, int], now: datetime) -> bool:
    """False when this refund asked before, answered or not."""
    row = {"refund_id": fact.refund_id, "order_id": str(fact.order_id), "units": units, "asked_at": now}
    new = insert(goods_stops).on_conflict_do_nothing().returning(goods_stops.c.refund_id)
    return (await db.execute(new, row)).first() is not None


async def answer(
    db: AsyncConnection, refund_id: str, stopped: Stopped, intercepted: Collection[int], now: datetime
) -> None:
    told = {
        "intercepted": list(intercepted),
        "stopped": dict(stopped.units),
        "due_minor": stopped.due.amount_minor,
        "answered_at": now,
    }
    await db.execute(update(goods_stops).where(goods_stops.c.refund_id == refund_id).values(told))


async def find(db: AsyncConnection, refund_id: str, currency: str) -> StopAnswer | None:
    """None while there is no answer."""
    here = goods_stops.c.refund_id == refund_id, goods_stops.c.answered_at.is_not(None)
    row = (await db.execute(select(goods_stops).where(*here))).one_or_none()
    return None if row is None else StopAnswer(Money(row.due_minor, currency), row.stopped)


async def not_taken_yet(db: AsyncConnection, order_id: str, currency: str) -> Money:
    """What is due since goods were stopped for refunds that have not heard of it yet: it is theirs."""
    theirs = select(func.coalesce(func.sum(goods_stops.c.due_minor), 0)).join_from(goods_stops, refunds)
    where = goods_stops.c.order_id == order_id, refunds.c.goods == Goods.TO_STOP, refunds.c.ended_at.is_(None)
    return Money(int((await db.execute(theirs.where(*where))).scalar_one()), currency)
