"""What must be true after any load, whatever its figures: nothing lost, nothing twice."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class Lost(Exception):
    """Orders stopped on their way, or came twice: the figures mean nothing."""


_ONCE = text(
    """
    select o.id,
      (select count(*) from payments p where p.order_id = o.id) as payments,
      (select coalesce(sum(p.amount_minor), 0) from payments p where p.order_id = o.id) as paid_minor,
      (select count(*) from ledger_entries e where e.order_id = o.id and e.kind = 'captured') as bookings,
      (select count(*) from reservations r where r.order_id = o.id) as reservations,
      (select count(*) from outbound_orders w where w.order_id = o.id) as pushes,
      (select count(*) from cases c where c.order_id = o.id) as cases,
      o.amount_minor
    from orders o where o.order_no = any(:order_nos)
    """
)


async def each_once(engine: AsyncEngine, order_nos: Collection[str]) -> None:
    """Each of these orders is paid once in full, booked once, reserved once, pushed once, without a case.

    Raises Lost.
    """
    async with engine.connect() as db:
        rows = (await db.execute(_ONCE, {"order_nos": list(order_nos)})).all()
    wrong = [
        row.id
        for row in rows
        if (row.payments, row.bookings, row.reservations, row.pushes, row.cases) != (1, 1, 1, 1, 0)
        or row.paid_minor != row.amount_minor
    ]
    if wrong or len(rows) != len(order_nos):
        raise Lost(
            f"{len(order_nos) - len(rows)} orders are not in the record, {len(wrong)} are not there once: {wrong[:3]}"
        )
