"""The audit log: append-only, hash-chained per order, with a locked head so that a cut-off end shows too.

What staff does to the installation itself has a chain of its own.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.book_tables import audit_heads, audit_log
from persistence.sheet import Sheet
from ports.provenance import PROVENANCE, Provenance

GENESIS = "0" * 64
INSTALLATION = "installation"  # whose chain tells what staff did to no order
HASHED = ("order_id", "seq", "at", "actor", "step", "change", "caused_by", "transaction_id", "workflow_run", "trace_id")


@dataclass(frozen=True)
class Deed:
    """Who did what, caused by which evidence rows."""

    actor: str
    step: str
    event_ids: tuple[int, ...] = ()


def entry_hash(entry: Mapping[str, Any], previous_hash: str) -> str:
    """sha256 over the previous hash and the entry's fields as canonical JSON; times in UTC with microseconds."""
    fields = {name: entry[name] for name in HASHED}
    fields["at"] = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    fields["caused_by"] = list(entry["caused_by"])
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous_hash}{canonical}".encode()).hexdigest()


@dataclass(frozen=True)
class Head:
    """Where an order's chain ends."""

    seq: int = 0
    hash: str = GENESIS


NOTHING_YET = Head()


def next_entry(order_id: str, head: Head, deed: Deed, change: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row that follows `head`. Whoever writes it holds the order's lock, or the head's: no chain may fork."""
    origin = PROVENANCE.get()
    entry = {
        "order_id": order_id,
        "seq": head.seq + 1,
        "at": now,
        "actor": deed.actor,
        "step": deed.step,
        "change": dict(change),
        "caused_by": list(deed.event_ids),
        "transaction_id": origin.transaction_id,
        "workflow_run": origin.workflow_run,
        "trace_id": origin.trace_id,
    }
    return {**entry, "previous_hash": head.hash, "hash": entry_hash(entry, head.hash)}


async def head_of(db: AsyncConnection, order_id: str) -> Head:
    """The end of the chain, locked; of a chain that has not begun, its beginning."""
    found = (await db.execute(_HEAD, {"order_id": order_id})).one_or_none()
    return Head(found.seq, found.hash) if found else NOTHING_YET


async def append(db: AsyncConnection, order_id: str, deed: Deed, change: Mapping[str, Any], now: datetime) -> None:
    """One entry by itself, at the end of the chain."""
    entry = next_entry(order_id, await head_of(db, order_id), deed, change, now)
    await Sheet(audit=[entry]).write(db, order_id, now)


async def note_staff_deed(db: AsyncConnection, by: str, step: str, change: Mapping[str, Any], now: datetime) -> None:
    """What staff did to stock, tokens, shops or customers, in the transaction that does it. Never with a secret."""
    origin = PROVENANCE.set(Provenance(f"{INSTALLATION}/{step}"))
    try:
        await append(db, INSTALLATION, Deed(by, step), change, now)
    finally:
        PROVENANCE.reset(origin)


_HEAD = (
    select(audit_heads.c.seq, audit_heads.c.hash)
    .where(audit_heads.c.order_id == bindparam("order_id"))
    .with_for_update()
)


@dataclass(frozen=True)
class BadEntry:
    """The first entry of an order's chain that is not what was written."""

    order_id: str
    seq: int
    why: str


async def first_bad_entry(db: AsyncConnection, order_id: str) -> BadEntry | None:
    """Walk one order's chain from its beginning to its head."""
    chain = select(audit_log).where(audit_log.c.order_id == order_id).order_by(audit_log.c.seq)
    entries: Sequence[Mapping[str, Any]] = [dict(row) for row in (await db.execute(chain)).mappings()]
    head = (await db.execute(select(audit_heads).where(audit_heads.c.order_id == order_id))).one_or_none()
    previous_hash = GENESIS
    for expected_seq, entry in enumerate(entries, start=1):
        if entry["seq"] != expected_seq:
            return BadEntry(order_id, expected_seq, "entry is missing")
        if entry["previous_hash"] != previous_hash or entry["hash"] != entry_hash(entry, previous_hash):
            return BadEntry(order_id, expected_seq, "entry was changed")
        previous_hash = entry["hash"]
    written = (head.seq, head.hash) if head else (0, GENESIS)
    if written != (len(entries), previous_hash):
        return BadEntry(order_id, len(entries) + 1, f"the log ends here, its head says {written[0]} entries")
    return None


async def audited_orders(db: AsyncConnection) -> list[str]:
    """Every order that has a chain or a head, so that a chain deleted as a whole shows."""
    query = text("select order_id from audit_heads union select order_id from audit_log order by 1")
    return list((await db.execute(query)).scalars())
