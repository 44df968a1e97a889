"""What happened, in figures: orders by stage, messages by verdict, cases by cause, time from notice to warehouse."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_STAGES = text("select stage, count(*) as n from orders group by 1 order by 2 desc, 1")
_MESSAGES = text(
    """
    select source, verdict, coalesce(reason, '') as reason, count(*) as n
    from inbound_events where kind = 'payment.notice' group by 1, 2, 3 order by 1, 2, 3
    """
)
_CASES = text(
    "select cause, count(*) filter (where settled_at is null) as open, count(*) as n from cases group by 1 order by 1"
)
_LATENCY = text(
    """
    with first_notice as (
        select order_id, min(received_at) as at from inbound_events
        where kind = 'payment.notice' and verdict = 'accepted' group by 1
    )
    select percentile_cont(array[0.5, 0.95, 0.99]) within group
        (order by extract(epoch from pushed_at - greatest(at, o.recorded_at))::float8) as seconds
    from outbound_orders p join first_notice using (order_id) join orders o on o.id = p.order_id
    where p.number = 1
    """
)
_UNDER_WAY = text(
    """
    select
      count(*) filter (
        where payment = 'paid' and fulfilment in ('waiting', 'reserved') and holds = '{}' and cancellation = 'none'
      ) as paid_not_pushed,
      count(*) filter (where stage in ('awaiting_payment', 'partly_paid')) as unpaid,
      count(*) filter (
        where stage in ('at_warehouse', 'partly_shipped', 'shipped', 'partly_delivered', 'delivered')
      ) as on_their_way,
      (select count(distinct order_id) from outbound_orders) as pushed,
      (select count(*) from inbound_events where verdict = 'accepted' and applied_at is null) as unapplied,
      (select count(*) from outbox where sent_at is null) + (select count(*) from untold_levels) as untold,
      (select count(*) from refunds where ended_at is null) as refunds
    from orders
    """
)
_WAITING = text(
    """
    select count(distinct o.id) from orders o join cases c on c.order_id = o.id
    where c.waits and c.settled_at is null and o.payment = 'paid' and o.fulfilment in ('waiting', 'reserved')
      and o.holds = '{}' and o.cancellation = 'none'
    """
)
_RESTLESS = text(
    """
    select id from orders o where fulfilment not in ('completed', 'stopped') and not exists (
      select 1 from cases c where c.order_id = o.id and c.waits and c.settled_at is null
    ) order by id
    """
)
_RESTLESS_REFUNDS = text(
    """
    select r.order_id || ' ' || r.id from refunds r
    where decision not in ('refused', 'withdrawn') and goods <> 'not_back'
      and (not exists (select from refund_legs l where l.refund_id = r.id)
           or exists (select from refund_legs l
                      where l.refund_id = r.id and l.state not in ('done', 'closed', 'given_up')))
      and not exists (select from cases c where c.refund_id = r.id and c.waits and c.settled_at is null)
    """
)

_OWING = text(
    """
    select order_id from order_money where refund_due_minor > 0
    union
    select order_id from cases where settled_at is null
      and cause in ('refund_due', 'surplus_payment', 'paid_after_close', 'amount_mismatch')
    order by order_id
    """
)


@dataclass(frozen=True)
class UnderWay:
    paid_not_pushed: int
    unpaid: int
    on_their_way: int
    pushed: int
    unapplied: int
    untold: int
    refunds: int


@dataclass(frozen=True)
class TradeReport:
    """`notices`: (source, verdict, reason) -> count; `cases`: cause -> (open, all); `latency`: seconds."""

    stages: dict[str, int]
    notices: dict[tuple[str, str, str], int]
    cases: dict[str, tuple[int, int]]
    latency: tuple[float, ...] | None  # p50, p95, p99 from notice to warehouse

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return {
            "orders": self.stages,
            "notices": [
                {"source": source, "verdict": verdict, "reason": reason, "count": count}
                for (source, verdict, reason), count in self.notices.items()
            ],
            "cases": {cause: {"open": still_open, "all": count} for cause, (still_open, count) in self.cases.items()},
            "notice_to_warehouse_seconds": self.latency,
        }


async def under_way(db: AsyncConnection) -> UnderWay:
    row = (await db.execute(_UNDER_WAY)).mappings().one()
    return UnderWay(**row)


async def orders_waiting_for_people(db: AsyncConnection) -> int:
    """Paid orders that a waiting case keeps from the warehouse."""
    return int((await db.execute(_WAITING)).scalar_one())


async def restless(db: AsyncConnection) -> list[str]:
    """Orders that are neither at their end nor stand still for a person."""
    return list((await db.execute(_RESTLESS)).scalars())


async def owing(db: AsyncConnection) -> list[str]:
    """Orders that keep money which pays nothing, or whose case about it is still open."""
    return list((await db.execute(_OWING)).scalars())


async def restless_refunds(db: AsyncConnection) -> list[str]:
    """Likewise: order and refund."""
    return list((await db.execute(_RESTLESS_REFUNDS)).scalars())


async def trade_report(db: AsyncConnection) -> TradeReport:
    stages = {row.stage: row.n for row in await db.execute(_STAGES)}
    notices = {(row.source, row.verdict, row.reason): row.n for row in await db.execute(_MESSAGES)}
    found = {row.cause: (row.open, row.n) for row in await db.execute(_CASES)}
    seconds = (await db.execute(_LATENCY)).scalar_one()
    return TradeReport(stages, notices, found, None if seconds is None else tuple(seconds))
