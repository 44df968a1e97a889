"""What one transition writes, in one statement: a round trip costs more than all the rows of a usual transition."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Row = dict[str, Any]

_ALL = """
    with
    axes as (
      update orders o
      set address_gaps = x.address_gaps, unmatched = x.unmatched, payment = x.payment, fulfilment = x.fulfilment,
          holds = x.holds, after_sale = x.after_sale, cancellation = x.cancellation, stage = x.stage,
          split = x.split, updated_at = x.updated_at
      from jsonb_to_recordset(:axes) as x(
        address_gaps text[], unmatched text[], payment text, fulfilment text, holds text[], after_sale text,
        cancellation text, stage text, split boolean, updated_at timestamptz)
      where o.id = :order_id
    ),
    demanded as (
      insert into demands (order_id, line_id, sku, quantity, cash_minor, dropped)
      select :order_id, line_id, sku, quantity, cash_minor, dropped
      from jsonb_to_recordset(:demands) as x(line_id text, sku text, quantity int, cash_minor bigint, dropped int)
      on conflict (order_id, line_id) do update set dropped = excluded.dropped
    ),
    paid as (
      insert into payments
        (provider, account, trade_no, order_id, part, amount_minor, currency, paid_at, matched, source, recorded_at)
      select provider, account, trade_no, :order_id, part, amount_minor, currency, paid_at, matched, source, recorded_at
      from jsonb_to_recordset(:payments) as x(
        provider text, account text, trade_no text, part int, amount_minor bigint, currency text, paid_at timestamptz,
        matched boolean, source text, recorded_at timestamptz)
    ),
    left_the_house as (
      insert into shipments (order_id, parcel_no, carrier, waybill_no, contents, shipped_at, delivered_at)
      select :order_id, parcel_no, carrier, waybill_no, contents, shipped_at, delivered_at
      from jsonb_to_recordset(:shipments) as x(
        parcel_no text, carrier text, waybill_no text, contents jsonb, shipped_at timestamptz, delivered_at timestamptz)
      on conflict (order_id, parcel_no) do update
      set carrier = excluded.carrier, waybill_no = excluded.waybill_no, contents = excluded.contents,
          shipped_at = excluded.shipped_at, delivered_at = excluded.delivered_at
    ),
    booked as (
      insert into ledger_entries (order_id, kind, reference, transaction_id, booked_at, posting_count)
      select :order_id, kind, reference, transaction_id, booked_at, posting_count
      from jsonb_to_recordset(:entries) as x(
        kind text, reference text, transaction_id text, booked_at timestamptz, posting_count int)
      returning seq, kind, reference
    ),
    posted as (
      insert into ledger_postings (entry_seq, account, amount_minor, currency)
      select booked.seq, account, amount_minor, currency
      from jsonb_to_recordset(:postings) as x(
        kind text, reference text, account text, amount_minor bigint, currency text)
      join booked using (kind, reference)
    ),
    money as (
      insert into order_money as m (order_id, currency, captured_minor, refund_due_minor, refunded_minor)
      select :order_id, currency, greatest(captured, due), greatest(due, 0), 0
      from jsonb_to_recordset(:money) as x(currency text, captured bigint, due bigint)
      on conflict (order_id) do update
      set (captured_minor, refund_due_minor, refunded_minor) = (
        select m.captured_minor + captured, m.refund_due_minor + due, m.refunded_minor + refunded
        from jsonb_to_recordset(:money) as x(captured bigint, due bigint, refunded bigint))
    ),
    noted as (
      insert into audit_log (order_id, seq, at, actor, step, change, caused_by, transaction_id, workflow_run, trace_id,
                             previous_hash, hash)
      select :order_id, seq, at, actor, step, change, caused_by, transaction_id, workflow_run, trace_id, previous_hash,
             hash
      from jsonb_to_recordset(:audit) as x(
        seq int, at timestamptz, actor text, step text, change jsonb, caused_by bigint[], transaction_id text,
        workflow_run text, trace_id text, previous_hash text, hash text)
    ),
    chained as (
      insert into audit_heads (order_id, seq, hash)
      select :order_id, seq, hash from jsonb_to_recordset(:audit) as x(seq int, hash text)
      on conflict (order_id) do update set seq = excluded.seq, hash = excluded.hash
    ),
    applied as (
      update inbound_events set applied_at = :now where id = any(:events) and applied_at is null returning received_at
    )
    select min(received_at) from applied
    """
# On one line: psycopg remembers how to send a statement only up to 4,096 characters.
_WRITE = text(" ".join(_ALL.split()))


@dataclass
class Sheet:
    """Rows of one order by table, without the order's id; what is empty writes nothing."""

    axes: list[Row] = field(default_factory=list)
    demands: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    shipments: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    postings: list[Row] = field(default_factory=list)
    money: list[Row] = field(default_factory=list)
    audit: list[Row] = field(default_factory=list)

    async def write(
        self, db: AsyncConnection, order_id: str, now: datetime, events: Sequence[int] = ()
    ) -> datetime | None:
        """All of it. `events` count as applied; when the oldest of those that were not yet came in, is the answer."""
        rows = {name: as_json(value) for name, value in vars(self).items()}
        told = {"order_id": order_id, "now": now, "events": list(events)}
        oldest: datetime | None = (await db.execute(_WRITE, rows | told)).scalar_one()
        return oldest


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=_plain)


def _plain(value: object) -> str:
    """Moments as text that Postgres reads back to the microsecond."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a row")
