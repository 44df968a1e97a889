"""Refunds in figures: how they ended, how long they took, who was reminded."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people import BY_ITSELF

_COUNTS = text(
    """
    select count(*) as asked,
      count(*) filter (where applicant = :by_itself) as by_itself,
      count(*) filter (where stage = 'paid_back') as paid_back,
      count(*) filter (where decision = 'refused') as refused,
      count(*) filter (where refusal <> '') as refused_at_once,
      count(*) filter (where decision = 'withdrawn') as withdrawn,
      count(*) filter (where ended_at is null) as waiting,
      (select count(*) from refund_legs where state = 'done') as legs_done,
      (select coalesce(sum(amount_minor), 0)::bigint from refund_legs where state = 'done') as back_minor,
      (select count(*) from refunds r, jsonb_array_elements(r.reminders) m where coalesce(m ->> 'skipped', '') = '')
        as reminders
    from refunds
    """
)
_CYCLE = text(
    """
    select avg(took)::float8 as mean,
      percentile_cont(array[0.5, 0.9]) within group (order by took) as percentiles
    from (select extract(epoch from ended_at - requested_at)::float8 as took
          from refunds where stage = 'paid_back' and ended_at is not null) t
    """
)
# What came back damaged went through most hands: it was approved twice.
_SAMPLE = text(
    """
    select r.id, r.order_id from refunds r left join returns b on b.refund_id = r.id
    where r.stage = 'paid_back'
    order by b.received_at is not null desc, r.version desc, r.applicant = :by_itself, r.id limit 1
    """
)


@dataclass(frozen=True)
class RefundCounts:
    """`by_itself`: of those asked, what nobody asked for. `refused` holds `refused_at_once`. `back_minor`: CNY."""

    asked: int
    by_itself: int
    paid_back: int
    refused: int
    refused_at_once: int
    withdrawn: int
    waiting: int
    legs_done: int
    back_minor: int
    reminders: int


@dataclass(frozen=True)
class Cycle:
    """From the request to the money, of what was paid back."""

    mean: timedelta
    p50: timedelta
    p90: timedelta


@dataclass(frozen=True)
class SampleRefund:
    refund_id: str
    order_id: str


async def refund_counts(db: AsyncConnection) -> RefundCounts:
    row = (await db.execute(_COUNTS, {"by_itself": BY_ITSELF})).mappings().one()
    return RefundCounts(**row)


async def refund_cycle(db: AsyncConnection) -> Cycle | None:
    """None when nothing was paid back."""
    row = (await db.execute(_CYCLE)).one()
    if row.mean is None:
        return None
    return Cycle(*(timedelta(seconds=each) for each in (row.mean, *row.percentiles)))


async def sample_refund(db: AsyncConnection) -> SampleRefund | None:
    row = (await db.execute(_SAMPLE, {"by_itself": BY_ITSELF})).one_or_none()
    return None if row is None else SampleRefund(row.id, row.order_id)
