"""The story of one order as its traces tell it: what came in, what it caused, and how long that took.

Taken from evidence and audit log, so it is there without a collector and for as long as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_STORY = text(
    """
    with trace as (
        select coalesce(trace_id, '') as id, received_at as at, 0 as rank, kind as what, source as who,
          verdict || coalesce(': ' || reason, '') as outcome, '' as transaction_id
        from inbound_events where order_id = :order
        union all
        select trace_id, at, seq, step, actor, '', transaction_id from audit_log where order_id = :order
    )
    select *, min(at) over (partition by id) as began from trace order by began, id, at, rank
    """
)
# The first moment an order was paid and its first part at the warehouse, and the message that made it paid.
_MILESTONES = text(
    """
    select min(a.at) filter (where change -> 'payment' ->> 1 = 'paid') as paid_at,
      min(a.at) filter (where step = 'record_push') as pushed_at,
      (select min(e.received_at) from audit_log p join inbound_events e on e.id = any(p.caused_by)
       where p.order_id = :order and p.change -> 'payment' ->> 1 = 'paid') as received_at
    from audit_log a where a.order_id = :order
    """
)


@dataclass(frozen=True)
class Happening:
    """A message with its verdict, or a step with its transaction.

    `seconds` since the trace began, `after` what was before it.
    """

    at: datetime
    what: str
    who: str
    outcome: str
    transaction_id: str
    seconds: float
    after: float


@dataclass(frozen=True)
class Trace:
    """`trace_id` is empty for what was done while tracing was off."""

    trace_id: str
    happenings: Sequence[Happening]


@dataclass(frozen=True)
class Story:
    """Traces by their beginning. Seconds are None where the order has not come so far, or nothing was received."""

    traces: Sequence[Trace]
    notice_to_paid: float | None
    paid_to_warehouse: float | None
    notice_to_warehouse: float | None


async def story(db: AsyncConnection, order_id: str) -> Story:
    rows = (await db.execute(_STORY, {"order": order_id})).all()
    found = (await db.execute(_MILESTONES, {"order": order_id})).one()
    return Story(
        [Trace(trace_id, list(_happenings(list(each)))) for trace_id, each in groupby(rows, lambda row: row.id)],
        _seconds(found.received_at, found.paid_at),
        _seconds(found.paid_at, found.pushed_at),
        _seconds(found.received_at, found.pushed_at),
    )


def _happenings(rows: Sequence[Row[Any]]) -> Iterator[Happening]:
    before = rows[0].at
    for row in rows:
        seconds, after = (row.at - rows[0].at).total_seconds(), (row.at - before).total_seconds()
        yield Happening(row.at, row.what, row.who, row.outcome, row.transaction_id, seconds, after)
        before = row.at


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return None if since is None or until is None else (until - since).total_seconds()
