"""How things stand, for gauges: what waits, how much of it, since when. Each count runs on an index of what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import HANDLING
from domain.order import Stage

MOMENTS = (Stage.PAID, Stage.ON_HOLD, Stage.PREPARING)
"""Stages of our own work: an order passes them in moments, or a case waits for a person."""
WAITING_CAUSES = tuple(cause for cause, handling in HANDLING.items() if handling.waits)


@dataclass(frozen=True)
class Waiting:
    """So many, the oldest since then."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """By stage of the orders under way; open and overdue cases by cause. What is not named is zero.

    `unattended` are orders in MOMENTS that no case waits for: nobody was told that they stand.
    """

    evidence: Waiting
    outbox: Waiting
    orders: Mapping[str, Waiting]
    unattended: Mapping[str, Waiting]
    open_cases: Mapping[str, int]
    overdue_cases: Mapping[str, int]


_EVIDENCE = text(
    "select count(*), min(received_at) from inbound_events where verdict = 'accepted' and applied_at is null"
)
_OUTBOX = text(
    """
    select count(*), min(since) from (
        select written_at as since from outbox where sent_at is null
        union all select since from untold_levels
    ) waiting
    """
)
_ORDERS = text(
    """
    select stage, count(*), min(updated_at) from orders
    where stage not in ('completed', 'cancelled', 'closed_unpaid') group by stage
    """
)
_UNATTENDED = text(
    """
    select stage, count(*), min(updated_at) from orders
    where stage = any(:moments) and not exists (
        select from cases where cases.order_id = orders.id and settled_at is null and cause = any(:waiting)
    )
    group by stage
    """
)
_CASES = text(
    """
    select cause, count(*), count(*) filter (where due_at < :now) as overdue
    from cases where settled_at is null group by cause
    """
)


async def standing(db: AsyncConnection, now: datetime) -> Standing:
    evidence, outbox = [Waiting(*(await db.execute(query)).one()) for query in (_EVIDENCE, _OUTBOX)]
    orders = {stage: Waiting(count, since) for stage, count, since in await db.execute(_ORDERS)}
    told = {"moments": list(MOMENTS), "waiting": list(WAITING_CAUSES)}
    unattended = {stage: Waiting(count, since) for stage, count, since in await db.execute(_UNATTENDED, told)}
    cases = [tuple(row) for row in await db.execute(_CASES, {"now": now})]
    open_cases = {cause: count for cause, count, _ in cases}
    return Standing(evidence, outbox, orders, unattended, open_cases, {cause: overdue for cause, _, overdue in cases})
