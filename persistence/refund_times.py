"""How long refunds took, from the request to the provider's word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

WITHIN = timedelta(hours=18)

_DURATIONS = text(
    """
    with done as (
      select o.source_channel as channel, r.goods not in ('kept', 'stopped') as goods_came_back, min(g.score) as score,
        extract(epoch from greatest(max(l.done_at) - r.requested_at, interval '0')) as seconds
      from refunds r
      join orders o on o.id = r.order_id
      join refund_legs l on l.refund_id = r.id and l.state = 'done'
      left join refund_ratings g on g.refund_id = r.id
      where r.stage = 'paid_back'
      group by r.id, o.source_channel
      having max(l.done_at) >= :begin and max(l.done_at) < :end
    )
    select channel, goods_came_back, count(*) as refunds, avg(seconds)::float as mean,
      percentile_cont(0.5) within group (order by seconds)::float as p50,
      percentile_cont(0.9) within group (order by seconds)::float as p90,
      count(*) filter (where seconds <= :within) as within, count(score) as rated, avg(score)::float as score
    from done group by 1, 2 order by 1, 2
    """
)


@dataclass(frozen=True)
class RefundTimes:
    """Of one channel: refunds for which goods had to come back, or those for which none had to. Hours.

    `within_18_hours` is a share, from 0 to 1; `score` the mean of the `rated`, from 1 to 5.
    """

    channel: str
    goods_came_back: bool
    refunds: int
    mean_hours: float
    p50_hours: float
    p90_hours: float
    within_18_hours: float
    rated: int
    score: float | None


async def refund_times(db: AsyncConnection, begin: datetime, end: datetime) -> list[RefundTimes]:
    """Of the refunds whose last money went back from `begin` until just before `end`."""
    about = {"begin": begin, "end": end, "within": WITHIN.total_seconds()}
    return [
        RefundTimes(
            row.channel,
            row.goods_came_back,
            row.refunds,
            round(row.mean / 3600, 2),
            round(row.p50 / 3600, 2),
            round(row.p90 / 3600, 2),
            round(row.within / row.refunds, 4),
            row.rated,
            None if row.score is None else round(row.score, 2),
        )
        for row in await db.execute(_DURATIONS, about)
    ]
