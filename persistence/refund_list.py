"""The read side of refunds: what the edge shows of one, and what it needs to open one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from persistence import refund_rows
from persistence.case_list import CaseRow, with_reminders
from persistence.refund_rows import LoadedRefund
from persistence.refund_tables import refunds
from persistence.tables import cases, orders


@dataclass(frozen=True)
class KnownRefund:
    loaded: LoadedRefund
    requested_at: datetime
    updated_at: datetime
    cases: tuple[CaseRow, ...]


async def find_refund(db: AsyncConnection, refund_id: str) -> KnownRefund | None:
    where = select(refunds.c.order_id, refunds.c.requested_at, refunds.c.updated_at).where(refunds.c.id == refund_id)
    row = (await db.execute(where)).one_or_none()
    if row is None:
        return None
    loaded = (await refund_rows.load_all(db, OrderId.parse(row.order_id)))[refund_id]
    waiting = select(cases).where(cases.c.refund_id == refund_id, cases.c.settled_at.is_(None)).order_by(cases.c.due_at)
    found = [CaseRow(**each) for each in (await db.execute(waiting)).mappings()]
    return KnownRefund(loaded, row.requested_at, row.updated_at, tuple(await with_reminders(db, found)))


async def customer_and_currency(db: AsyncConnection, order_id: OrderId) -> tuple[str, str] | None:
    row = (
        await db.execute(select(orders.c.customer_id, orders.c.currency).where(orders.c.id == str(order_id)))
    ).one_or_none()
    return None if row is None else (row.customer_id, row.currency)
