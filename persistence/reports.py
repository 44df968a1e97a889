"""What commands show: counts, one order, its timeline, its chain. Reads only; nothing personal is in it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import brake
from persistence.audit import BadEntry, first_bad_entry

_STAGES = text("select stage as name, count(*) as n from orders group by 1 order by 2 desc, 1")
_CASES = text(
    """
    select cause, owner, count(*) as open, count(*) filter (where due_at < :now) as overdue
    from cases where settled_at is null group by 1, 2 order by 3 desc, 1
    """
)
_INBOUND = text(
    """
    select verdict as name, count(*) as n from inbound_events where received_at >= :since group by 1 order by 2 desc, 1
    """
)
_ORDER = text(
    """
    select o.id, o.stage, o.payment, o.fulfilment, o.holds, o.after_sale, o.cancellation, o.currency, o.amount_minor,
      o.placed_at, o.updated_at, coalesce(m.captured_minor, 0) as captured_minor,
      coalesce(m.refund_due_minor, 0) as refund_due_minor
    from orders o left join order_money m on m.order_id = o.id where o.id = :order
    """
)
_GOODS = text(
    """
    select line_id, d.sku, d.quantity, coalesce(r.quantity, 0) as reserved, coalesce(r.shipped, 0) as shipped, d.dropped
    from demands d left join reservations r using (order_id, line_id) where order_id = :order order by 1
    """
)
_OUTBOUND = text(
    """
    select number, reference, contents, outbound_no, outside_shipment_no, pushed_at, stopped
    from outbound_orders where order_id = :order order by 1
    """
)
_PARCELS = text(
    "select parcel_no, carrier, waybill_no, shipped_at, delivered_at from shipments where order_id = :order order by 1"
)
_OPEN_CASES = text(
    "select id, cause, detail, owner, next_action, due_at from cases where order_id = :order and settled_at is null"
)
_TIMELINE = text(
    """
    select received_at as at, 1 as rank, 'message' as kind, source as who, kind as what,
      jsonb_strip_nulls(jsonb_build_object('evidence', id, 'verdict', verdict, 'reason', reason, 'message', message_id,
        'applied_at', applied_at)) as about
    from inbound_events where order_id = :order
    union all
    select at, 2, 'step', actor, step, change || jsonb_build_object('entry', seq, 'caused_by', to_jsonb(caused_by))
    from audit_log where order_id = :order
    union all
    select booked_at, 3, 'money', '', e.kind, jsonb_build_object('reference', reference, 'postings', (
        select jsonb_object_agg(account, amount_minor) from ledger_postings where entry_seq = e.seq))
    from ledger_entries e where order_id = :order
    union all
    select opened_at, 4, 'case', owner, 'opened: ' || cause, jsonb_build_object('case', id, 'detail', detail)
    from cases where order_id = :order
    union all
    select settled_at, 4, 'case', decided_by, 'settled: ' || cause,
      jsonb_build_object('case', id, 'choice', choice, 'reason', decision_reason)
    from cases where order_id = :order and settled_at is not null
    order by 1, 2
    """
)
_UNAUDITED = text("select id from orders o where not exists (select from audit_heads h where h.order_id = o.id)")
_LEVELS = text("select sku, on_hand, reserved, on_hand - reserved as free from stock order by sku")
_MONTHS = text("select relid::regclass::text from pg_partition_tree('inbound_events') where isleaf order by 1")
_COUNT_MONTH = """
    select count(*) as n, count(*) filter (where verdict = 'accepted' and applied_at is null) as unapplied from
"""
_OPEN_ORDERS = text(
    """
    select id, fulfilment in ('waiting', 'reserved') or (
        fulfilment in ('pushed', 'partly_shipped') and exists (
          select from demands d where d.order_id = o.id and d.quantity - d.dropped > (
            select sum(coalesce((p.contents ->> d.line_id)::int, 0)) from outbound_orders p
            where p.order_id = o.id and not p.stopped
          )
        )
      ) as needs_address
    from orders o
    where customer_id = :customer and fulfilment not in ('completed', 'stopped') order by id
    """
)


async def overview(db: AsyncConnection, now: datetime, since: datetime) -> dict[str, Any]:
    """Whether money may leave, orders by stage, open cases by cause, messages since then by verdict."""
    return {
        "money": (await brake.load(db)).in_words,
        "orders": {row.name: row.n for row in await db.execute(_STAGES)},
        "open_cases": [dict(row) for row in (await db.execute(_CASES, {"now": now})).mappings()],
        "inbound": {row.name: row.n for row in await db.execute(_INBOUND, {"since": since})},
    }


async def order_report(db: AsyncConnection, order_id: str) -> dict[str, Any] | None:
    """One order as it stands; None when the record does not hold it."""
    row = (await db.execute(_ORDER, {"order": order_id})).mappings().one_or_none()
    if row is None:
        return None
    lists = {"goods": _GOODS, "outbound": _OUTBOUND, "parcels": _PARCELS, "open_cases": _OPEN_CASES}
    found = {name: (await db.execute(query, {"order": order_id})).mappings() for name, query in lists.items()}
    return {**row, **{name: [dict(each) for each in rows] for name, rows in found.items()}}


@dataclass(frozen=True)
class Moment:
    """One line of a timeline. `kind`: message, step, money, case; `who` sent or did it; `about` holds its values.

    A step's `caused_by` names the `evidence` numbers of the messages that made it happen.
    """

    at: datetime
    kind: str
    who: str
    what: str
    about: Mapping[str, Any]


async def timeline(db: AsyncConnection, order_id: str) -> list[Moment]:
    """Everything that came for an order and everything that was done about it, oldest first."""
    rows = await db.execute(_TIMELINE, {"order": order_id})
    return [Moment(row.at, row.kind, row.who, row.what, row.about) for row in rows]


async def broken_chains(engine: AsyncEngine, order_ids: Sequence[str]) -> AsyncIterator[BadEntry | None]:
    """For each order the first bad entry of its chain. Each chain and its head are read as of one moment."""
    async with engine.connect() as db:
        await db.execution_options(isolation_level="REPEATABLE READ")
        for order_id in order_ids:
            async with db.begin():
                yield await first_bad_entry(db, order_id)


async def orders_without_chain(db: AsyncConnection) -> list[str]:
    """Orders of the record whose log and head are both gone: each has one entry at least."""
    return list((await db.execute(_UNAUDITED)).scalars())


async def stock_levels(db: AsyncConnection) -> list[dict[str, Any]]:
    return [dict(row) for row in (await db.execute(_LEVELS)).mappings()]


@dataclass(frozen=True)
class EvidenceMonth:
    """One month of evidence. `unapplied`: messages that were accepted and have had no effect yet."""

    name: str
    messages: int
    unapplied: int


async def evidence_before(db: AsyncConnection, moment: datetime) -> list[EvidenceMonth]:
    """The whole months that `persistence.evidence.drop_before` would remove."""
    names = [name for name in (await db.execute(_MONTHS)).scalars() if name < f"inbound_events_{moment:%Y_%m}"]
    months = []
    for name in names:
        row = (await db.execute(text(f"{_COUNT_MONTH} {name}"))).one()
        months.append(EvidenceMonth(name, row.n, row.unapplied))
    return months


async def open_orders_of(db: AsyncConnection, customer_id: str) -> dict[str, bool]:
    """The customer's orders that are under way -> whether the warehouse still needs the address."""
    return {row.id: row.needs_address for row in await db.execute(_OPEN_ORDERS, {"customer": customer_id})}
