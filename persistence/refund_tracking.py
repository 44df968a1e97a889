"""The read side of an order's refunds: what its customer may know of them, and how long earlier ones took."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from domain.refund import Kind
from persistence import refund_ratings, refund_rows
from persistence.refund_rows import LoadedRefund
from persistence.refund_tables import refunds

SHOWN_AT_MOST = 20


@dataclass(frozen=True)
class RecordedRefund:
    """`reached`: when an axis came to a value, such as `decision/approved`, the last time."""

    loaded: LoadedRefund
    requested_at: datetime
    updated_at: datetime
    reached: Mapping[str, datetime]
    score: int | None = None


_REACHED = text(
    """
    select a.change ->> 'refund' as refund_id, axis.key || '/' || (axis.value ->> 1) as reached, max(a.at) as at
    from audit_log a cross join lateral jsonb_each(a.change) as axis
    where a.order_id = :id and a.change ->> 'refund' is not null
      and axis.key in ('decision', 'goods', 'repayment') and jsonb_typeof(axis.value) = 'array'
    group by 1, 2
    """
)
_PROVIDER = text("select provider from payments where order_id = :id order by seq desc limit 1")
_HISTORY = text(
    """
    select extract(epoch from max(l.done_at) - r.requested_at)::float as seconds
    from refunds r
    join orders o on o.id = r.order_id
    join refund_legs l on l.refund_id = r.id and l.state = 'done'
    where r.stage = 'paid_back' and r.kind = :kind and o.source_channel = :channel
    group by r.id
    having bool_and(l.provider = :provider) and max(l.done_at) >= r.requested_at
    order by max(l.done_at) desc limit 200
    """
)


async def of_order(db: AsyncConnection, order_id: OrderId) -> list[RecordedRefund]:
    """The latest first. What was refused at once was never a refund, and is left out."""
    loaded = await refund_rows.load_all(db, order_id)
    if not loaded:
        return []
    columns = (refunds.c.id, refunds.c.requested_at, refunds.c.updated_at)
    times = await db.execute(
        select(*columns)
        .where(refunds.c.order_id == str(order_id))
        .order_by(refunds.c.requested_at.desc(), refunds.c.id)
    )
    reached: dict[str, dict[str, datetime]] = {}
    for row in await db.execute(_REACHED, {"id": str(order_id)}):
        reached.setdefault(row.refund_id, {})[row.reached] = row.at
    scores = await refund_ratings.of_order(db, order_id)
    found = [
        RecordedRefund(loaded[row.id], row.requested_at, row.updated_at, reached.get(row.id, {}), scores.get(row.id))
        for row in times
        if row.id in loaded and not loaded[row.id].refund.refusal
    ]
    return found[:SHOWN_AT_MOST]


async def durations(db: AsyncConnection, channel: str, kind: Kind, provider: str) -> list[timedelta]:
    """From the request to the provider's word, of the last 200 refunds that went back as a whole."""
    about = {"channel": channel, "kind": kind, "provider": provider}
    return [timedelta(seconds=row.seconds) for row in await db.execute(_HISTORY, about)]


async def provider_of(db: AsyncConnection, order_id: OrderId) -> str:
    """By which money goes back first: that of the newest payment; empty where nothing was paid."""
    found: str | None = (await db.execute(_PROVIDER, {"id": str(order_id)})).scalar_one_or_none()
    return found or ""
