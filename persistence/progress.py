"""The read side of one order: what its customer and the staff may know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Cause
from domain.money import Money
from domain.order import Kind, Order, Stage
from domain.promise import Span
from domain.reference import OrderId
from persistence import order_rows

FEWEST_FOR_HISTORY = 30
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """An order that bears the number somebody asked for."""

    order_id: OrderId
    phone_tail: str
    track_by_number: bool
    stage: Stage


@dataclass(frozen=True)
class Recorded:
    """`reached`: when an axis came to a value, such as `payment/paid`. `waiting`: causes the order stands still for."""

    order: Order
    shop_name: str
    time_zone: str
    updated_at: datetime
    reached: Mapping[str, datetime]
    waiting: tuple[Cause, ...]
    refund_due: Money
    version: int


_FIND = text(
    """
    select o.source_channel, o.shop_id, o.order_no, o.phone_tail, o.stage, s.track_by_number
    from orders o join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id
    where o.order_no = :order_no and (:shop = '' or o.shop_id = :shop)
    order by o.id limit 20
    """
)
_AROUND = text(
    """
    select s.name as shop_name, e.time_zone, o.updated_at,
      coalesce((select refund_due_minor from order_money m where m.order_id = o.id), 0) as refund_due_minor,
      coalesce((select seq from audit_heads h where h.order_id = o.id), 0) as version,
      (select coalesce(json_agg(c.cause order by c.opened_at), '[]') from cases c
       where c.order_id = o.id and c.refund_id is null and c.settled_at is null and c.waits) as waiting
    from orders o
    join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id
    join entities e on e.id = s.entity_id
    where o.id = :id
    """
)
_VERSION = text("select coalesce((select seq from audit_heads where order_id = :id), 0)")
_REACHED = text(
    """
    select axis.key || '/' || (axis.value ->> 1) as reached, min(a.at) as at
    from audit_log a cross join lateral jsonb_each(a.change) as axis
    where a.order_id = :id and axis.key in ('payment', 'fulfilment') and jsonb_typeof(axis.value) = 'array'
    group by 1
    """
)
_HISTORY = text(
    """
    with done as (
      select id from orders where stage = 'completed' and source_channel = :channel and kind = :kind
      order by updated_at desc limit 200
    ), times as (
      select min(a.at) filter (where a.change -> :axis ->> 1 = :value) as began,
             min(a.at) filter (where a.change -> 'fulfilment' ->> 1 = 'delivered') as arrived
      from audit_log a join done on done.id = a.order_id
      group by a.order_id
    )
    select count(*) as orders,
           percentile_cont(0.1) within group (order by extract(epoch from arrived - began)) as soon,
           percentile_cont(0.9) within group (order by extract(epoch from arrived - began)) as late
    from times where arrived >= began
    """
)


async def find(db: AsyncConnection, order_no: str, shop_id: str) -> list[Found]:
    """All orders of this number, in this shop or (empty) in any."""
    rows = await db.execute(_FIND, {"order_no": order_no, "shop": shop_id})
    return [
        Found(
            OrderId(row.source_channel, row.shop_id, row.order_no),
            row.phone_tail,
            row.track_by_number,
            Stage(row.stage),
        )
        for row in rows
    ]


async def version(db: AsyncConnection, order_id: OrderId) -> int:
    """Grows whenever the order or one of its refunds has moved: each writes into the order's audit log."""
    return int((await db.execute(_VERSION, {"id": str(order_id)})).scalar_one())


async def read(db: AsyncConnection, order_id: OrderId) -> Recorded | None:
    loaded = await order_rows.load(db, order_id, lock=False)
    if loaded is None:
        return None
    around = (await db.execute(_AROUND, {"id": str(order_id)})).one()
    reached = await db.execute(_REACHED, {"id": str(order_id)})
    return Recorded(
        loaded.order,
        around.shop_name,
        around.time_zone,
        around.updated_at,
        {row.reached: row.at for row in reached},
        tuple(Cause(each) for each in around.waiting),
        Money(around.refund_due_minor, loaded.order.shipping.currency),
        around.version,
    )


async def history(db: AsyncConnection, channel: str, kind: Kind, milestone: str) -> Span | None:
    """From this milestone to the delivery: one order in ten was faster than the first, one slower than the second.

    Taken from the last 200 completed orders of the channel and kind; None when there are too few to say.
    """
    axis, _, value = milestone.partition("/")
    about = {"channel": channel, "kind": kind, "axis": axis, "value": value}
    row = (await db.execute(_HISTORY, about)).one()
    if row.orders < FEWEST_FOR_HISTORY:
        return None
    return Span(timedelta(seconds=row.soon), timedelta(seconds=row.late))


_STAFF: Mapping[str, str] = {
    "payments": """
        select provider, account, trade_no, part, amount_minor, currency, paid_at, matched, source, recorded_at
        from payments where order_id = :id order by seq""",
    "goods": """
        select line_id, sku, quantity, dropped from demands where order_id = :id order by line_id""",
    "reservations": """
        select line_id, sku, quantity, shipped, released from reservations where order_id = :id order by line_id""",
    "outbound": """
        select number, reference, contents, outbound_no, outside_shipment_no, pushed_at, stopped
        from outbound_orders where order_id = :id order by number""",
    "ledger": """
        select p.account, p.currency, sum(p.amount_minor)::bigint as amount_minor
        from ledger_entries e join ledger_postings p on p.entry_seq = e.seq where e.order_id = :id
        group by p.account, p.currency order by p.account""",
    "cases": """
        select id, cause, subject, detail, owner, next_action, choices, waits, attempts, last_error, opened_at, due_at
        from cases where order_id = :id and settled_at is null order by due_at, id""",
}
_AUDIT = text(
    """
    select seq, at, actor, step, change, caused_by, transaction_id, workflow_run, trace_id
    from audit_log where order_id = :id order by seq
    """
)


async def staff_rows(db: AsyncConnection, order_id: OrderId) -> dict[str, list[Row]]:
    """What only the staff sees, by name: payments, goods, reservations, outbound, ledger balances, open cases."""
    return {name: await _rows(db, sql, order_id) for name, sql in _STAFF.items()}


async def _rows(db: AsyncConnection, sql: str, order_id: OrderId) -> list[Row]:
    return [dict(row) for row in (await db.execute(text(sql), {"id": str(order_id)})).mappings()]


async def timeline(db: AsyncConnection, order_id: OrderId) -> Sequence[Row]:
    """The order's audit entries in their order; money that came before its order is there too."""
    return [dict(row) for row in (await db.execute(_AUDIT, {"id": str(order_id)})).mappings()]
