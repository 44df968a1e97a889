"""The product's database work for one paid order, on tables of its own: straightforward statements, same guards.

Evidence, payment, ledger with its balance checked, stock and reservation, chained audit log, the order's row.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from benchmarks.baselines.surroundings import Notice

SKUS = ("A", "B", "C", "D", "E", "F")
QUANTITY = 2
SCHEMA = """
create schema if not exists bench;
create table if not exists bench.orders (id text primary key, amount_minor bigint not null, sku text not null,
  quantity int not null, payment text not null, fulfilment text not null, updated_at timestamptz not null);
create table if not exists bench.inbound_events (id bigint generated always as identity primary key,
  received_at timestamptz not null, message_id text not null, order_id text, fact_hash text, verdict text not null,
  body text not null, applied_at timestamptz);
create index if not exists inbound_by_message on bench.inbound_events (message_id);
create index if not exists inbound_by_order on bench.inbound_events (order_id);
create table if not exists bench.payments (seq bigint generated always as identity primary key, trade_no text unique,
  order_id text not null, amount_minor bigint not null, recorded_at timestamptz not null);
create index if not exists payments_by_order on bench.payments (order_id);
create table if not exists bench.ledger_entries (seq bigint generated always as identity primary key,
  order_id text not null, kind text not null, reference text not null, booked_at timestamptz not null,
  unique (order_id, kind, reference));
create table if not exists bench.ledger_postings (entry_seq bigint not null references bench.ledger_entries,
  account text not null, amount_minor bigint not null, primary key (entry_seq, account));
create table if not exists bench.order_money (order_id text primary key, captured_minor bigint not null);
create table if not exists bench.stock (sku text primary key, on_hand int not null, reserved int not null,
  check (reserved between 0 and on_hand));
create table if not exists bench.reservations (order_id text primary key, sku text not null references bench.stock,
  quantity int not null);
create table if not exists bench.outbound_orders (order_id text primary key, outbound_no text not null,
  pushed_at timestamptz not null);
create table if not exists bench.audit_log (order_id text, seq int, at timestamptz not null, step text not null,
  change jsonb not null, previous_hash text not null, hash text not null, primary key (order_id, seq));
create table if not exists bench.audit_heads (order_id text primary key, seq int not null, hash text not null);
create or replace function bench.refuse_unbalanced() returns trigger language plpgsql as $$
declare off bigint;
begin
  select coalesce(sum(amount_minor), 0) into off from bench.ledger_postings where entry_seq = new.entry_seq;
  if off <> 0 then raise exception 'unbalanced'; end if;
  return null;
end $$;
drop trigger if exists balanced on bench.ledger_postings;
create constraint trigger balanced after insert on bench.ledger_postings deferrable initially deferred
  for each row execute function bench.refuse_unbalanced();
insert into bench.stock select sku, 1000000, 0 from unnest(array['A', 'B', 'C', 'D', 'E', 'F']) sku
  on conflict do nothing;
"""


def connect(url: str) -> AsyncEngine:
    return create_async_engine(url, pool_size=10, max_overflow=10)


async def create(engine: AsyncEngine) -> None:
    async with engine.begin() as db:
        await db.exec_driver_sql(SCHEMA)


async def place(engine: AsyncEngine, order_nos: list[str], amount_minor: int) -> None:
    """Orders that wait for money; nobody measures this."""
    statement = text("""insert into bench.orders values (:id, :amount, :sku, :quantity, 'unpaid', 'waiting', :now)""")
    rows = [
        {"id": each, "amount": amount_minor, "sku": SKUS[n % len(SKUS)], "quantity": QUANTITY, "now": _now()}
        for n, each in enumerate(order_nos)
    ]
    async with engine.begin() as db:
        await db.execute(statement, rows)


class WrongAmount(Exception):
    """The captured amount is not the order's."""


async def seen_before(db: AsyncConnection, notice: Notice) -> bool:
    query = text("select amount_minor from bench.payments where trade_no = :trade")
    return (await db.execute(query, {"trade": notice.trade_no})).first() is not None


async def locked_order(db: AsyncConnection, notice: Notice) -> Any:
    """The order's row, locked. Raises WrongAmount."""
    order = (
        await db.execute(text("select * from bench.orders where id = :id for update"), {"id": notice.order_no})
    ).one()
    if order.amount_minor != notice.amount_minor:
        raise WrongAmount(notice.order_no)
    return order


async def record_paid(db: AsyncConnection, order: Any, notice: Notice) -> None:
    """Evidence, payment, ledger, stock, three audit entries, the order's row."""
    now = _now()
    about = {"id": order.id, "trade": notice.trade_no, "amount": notice.amount_minor, "now": now}
    fact = hashlib.sha256(f"{notice.trade_no}{notice.amount_minor}".encode()).hexdigest()
    await db.execute(_EVIDENCE, {**about, "message": notice.notify_id, "fact": fact, "body": notice.body})
    await db.execute(_PAYMENT, about)
    entry = (await db.execute(_ENTRY, about)).scalar_one()
    amount = notice.amount_minor
    await db.execute(
        _POSTING,
        [
            {"entry": entry, "account": "provider_receivable", "amount": amount},
            {"entry": entry, "account": "buyer_cash", "amount": 800 - amount},
            {"entry": entry, "account": "freight", "amount": -800},
        ],
    )
    await db.execute(_MONEY, about)
    await audit(db, order.id, "record_payment", {"payment": ["unpaid", "paid"], "amount": amount})
    goods = {"id": order.id, "sku": order.sku, "quantity": order.quantity}
    await db.execute(text("select on_hand - reserved from bench.stock where sku = :sku for update"), goods)
    await db.execute(text("update bench.stock set reserved = reserved + :quantity where sku = :sku"), goods)
    await db.execute(text("insert into bench.reservations values (:id, :sku, :quantity)"), goods)
    await audit(db, order.id, "reserve_stock", {"fulfilment": ["waiting", "reserved"], "reserved": order.quantity})
    await db.execute(_STAGE, {"id": order.id, "payment": "paid", "fulfilment": "reserved", "now": now})


async def record_push(db: AsyncConnection, order_no: str, outbound_no: str) -> None:
    now = _now()
    await db.execute(_OUTBOUND, {"id": order_no, "outbound": outbound_no, "now": now})
    await audit(db, order_no, "record_push", {"fulfilment": ["reserved", "pushed"], "outbound_no": outbound_no})
    await db.execute(_STAGE, {"id": order_no, "payment": "paid", "fulfilment": "pushed", "now": now})


async def audit(db: AsyncConnection, order_no: str, step: str, change: dict[str, Any]) -> None:
    head = text("select seq, hash from bench.audit_heads where order_id = :id for update")
    found = (await db.execute(head, {"id": order_no})).one_or_none()
    seq, previous = (found.seq + 1, found.hash) if found else (1, "0" * 64)
    now, written = _now(), json.dumps(change, sort_keys=True)
    digest = hashlib.sha256(f"{previous}{order_no}{seq}{now.isoformat()}{step}{written}".encode()).hexdigest()
    row = {"id": order_no, "seq": seq, "now": now, "step": step, "change": written, "before": previous, "hash": digest}
    await db.execute(_AUDIT, row)
    await db.execute(_HEAD, row)


def _now() -> datetime:
    return datetime.now(UTC)


_EVIDENCE = text(
    """insert into bench.inbound_events (received_at, message_id, order_id, fact_hash, verdict, body, applied_at)
    values (:now, :message, :id, :fact, 'accepted', :body, :now)"""
)
_PAYMENT = text(
    """insert into bench.payments (trade_no, order_id, amount_minor, recorded_at) values (:trade, :id, :amount, :now)"""
)
_ENTRY = text(
    """insert into bench.ledger_entries (order_id, kind, reference, booked_at)
    values (:id, 'captured', :trade, :now) returning seq"""
)
_POSTING = text("insert into bench.ledger_postings values (:entry, :account, :amount)")
_MONEY = text(
    """insert into bench.order_money as m values (:id, :amount)
    on conflict (order_id) do update set captured_minor = m.captured_minor + excluded.captured_minor"""
)
_STAGE = text("update bench.orders set payment = :payment, fulfilment = :fulfilment, updated_at = :now where id = :id")
_OUTBOUND = text("insert into bench.outbound_orders values (:id, :outbound, :now)")
_AUDIT = text("""insert into bench.audit_log values (:id, :seq, :now, :step, cast(:change as jsonb), :before, :hash)""")
_HEAD = text(
    """insert into bench.audit_heads values (:id, :seq, :hash)
    on conflict (order_id) do update set seq = excluded.seq, hash = excluded.hash"""
)
