"""Evidence: every message that came in, accepted or refused, as it was, encrypted; one table partition a month.

A row says nothing about what happened to the order. It is written before anybody acts on the message, so that a crash
in between loses nothing; `applied_at` is set by the transition that the message caused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from persistence import sealing
from persistence.edge_tables import inbound_events
from ports.payments import PaymentNotice


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REPEAT = "repeat"  # its effect is in the record
    IGNORED = "ignored"  # genuine, but says nothing that moves an order
    QUARANTINED = "quarantined"  # genuine, but contradicts what we know: a case
    REFUSED = "refused"


@dataclass(frozen=True)
class Arrival:
    """One message. `fact_hash` covers what it says, not its bytes: providers sign and encode their repeats anew."""

    source: str
    message_id: str
    kind: str
    body: bytes
    verdict: Verdict
    reason: str | None = None
    order_id: str | None = None
    fact: Mapping[str, object] | None = None

    @property
    def fact_hash(self) -> str | None:
        if self.fact is None:
            return None
        return hashlib.sha256(json.dumps(self.fact, sort_keys=True, default=str).encode()).hexdigest()


class Evidence:
    def __init__(self, record_key: bytes) -> None:
        self._record_key = record_key

    async def keep(self, db: AsyncConnection, arrival: Arrival, now: datetime, trace_id: str = "") -> int:
        """The id of the evidence row; `trace_id` of the request it came with."""
        row = {
            "received_at": now,
            "source": arrival.source,
            "message_id": arrival.message_id,
            "kind": arrival.kind,
            "order_id": arrival.order_id,
            "fact_hash": arrival.fact_hash,
            "verdict": arrival.verdict,
            "reason": arrival.reason,
            "trace_id": trace_id or None,
            "body": sealing.seal(self._record_key, arrival.body, f"evidence/{arrival.source}"),
        }
        return int((await db.execute(insert(inbound_events).returning(inbound_events.c.id), row)).scalar_one())

    def clear(self, source: str, body: bytes) -> bytes:
        """The message's bytes, for an authorised reader."""
        return sealing.unseal(self._record_key, body, f"evidence/{source}")


async def one_at_a_time(db: AsyncConnection, order_id: str) -> None:
    """Until this transaction ends, others that ask the same of this order wait: what they then read is decided."""
    await db.execute(text("select pg_advisory_xact_lock(hashtextextended(:order, 0))"), {"order": order_id})


async def contradicted(db: AsyncConnection, arrival: Arrival) -> bool:
    """Whether a genuine message with this id said something else before."""
    query = select(inbound_events.c.fact_hash).where(
        inbound_events.c.source == bindparam("source"),
        inbound_events.c.message_id == bindparam("message"),
        inbound_events.c.fact_hash != bindparam("hash"),
        inbound_events.c.verdict != Verdict.REFUSED,
    )
    values = {"source": arrival.source, "message": arrival.message_id, "hash": arrival.fact_hash}
    return (await db.execute(query.limit(1), values)).first() is not None


@dataclass(frozen=True)
class Known:
    """What the record says to a payment notice, before it is believed.

    `paid_to`: the (provider, account) of its shop; None: there is no such shop. `recorded`: minor units of this trade,
    where it is booked already; this, and never the evidence, is what makes a notice a repeat. `contradicted`: a genuine
    message with this id said something else before.
    """

    paid_to: tuple[str, str] | None
    recorded: int | None
    contradicted: bool


async def known_of(db: AsyncConnection, notice: PaymentNotice, order_id: OrderId, arrival: Arrival) -> Known:
    asked = {
        "channel": order_id.channel,
        "shop": order_id.shop_id,
        "provider": notice.provider,
        "account": notice.account,
        "trade": notice.trade_no,
        "message": arrival.message_id,
        "hash": arrival.fact_hash,
    }
    row = (await db.execute(_KNOWN, asked)).one()
    paid_to = None if row.provider is None else (row.provider, row.account)
    return Known(paid_to, row.recorded, row.contradicted)


_KNOWN = text(
    """
    select s.provider, s.account,
      (select amount_minor from payments
       where provider = :provider and account = :account and trade_no = :trade) as recorded,
      exists (select from inbound_events
              where source = :provider and message_id = :message and fact_hash <> :hash and verdict <> 'refused')
        as contradicted
    from (select) as one left join shops s on s.channel = :channel and s.shop_id = :shop
    """
)


async def ensure_months(db: AsyncConnection, now: datetime, ahead: int = 2) -> None:
    """A partition for this month and the next ones. Rows of a month without one lie in `inbound_events_rest`."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead + 1):
        following = (first + timedelta(days=32)).replace(day=1)
        name = f"inbound_events_{first:%Y_%m}"
        if (await db.execute(text("select to_regclass(:name)"), {"name": name})).scalar_one() is None:
            await _add_month(db, name, first, following)
        first = following


async def _add_month(db: AsyncConnection, name: str, first: datetime, following: datetime) -> None:
    """Takes along what already lies in the rest: Postgres refuses a partition whose rows are elsewhere."""
    await db.execute(text("lock table inbound_events in access exclusive mode"))
    await db.execute(text(f"create table {name} (like inbound_events including defaults including constraints)"))
    move = f"""
        with moved as (
            delete from inbound_events_rest where received_at >= :first and received_at < :following returning *
        )
        insert into {name} select * from moved
    """  # noqa: S608 - the name is made here, of a year and a month
    await db.execute(text(move), {"first": first, "following": following})
    bounds = f"from ('{first.isoformat()}') to ('{following.isoformat()}')"
    await db.execute(text(f"alter table inbound_events attach partition {name} for values {bounds}"))


async def drop_before(db: AsyncConnection, moment: datetime) -> list[str]:
    """Remove whole months of evidence that end before `moment`; their names are the answer."""
    query = text("select relid::regclass::text from pg_partition_tree('inbound_events') where isleaf order by 1")
    months = [name for name in (await db.execute(query)).scalars() if name < f"inbound_events_{moment:%Y_%m}"]
    for name in months:
        await db.execute(text(f"drop table {name}"))
    return months
