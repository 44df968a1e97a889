"""Ledger entries and the money row that refunds lock."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ledger import Account, Entry
from persistence.tables import ledger_entries, ledger_postings
from ports.provenance import PROVENANCE

# Not one upsert: the check constraint would look at the row to insert, where there is nothing captured yet.
_OPEN_MONEY = text("insert into order_money values (:order_id, :currency, 0, 0) on conflict (order_id) do nothing")
_MOVE_MONEY = text(
    """
    update order_money set captured_minor = captured_minor + :captured, refund_due_minor = refund_due_minor + :due
    where order_id = :order_id
    """
)
RECEIVABLES = (Account.PROVIDER_RECEIVABLE, Account.PLATFORM_RECEIVABLE)


async def book(db: AsyncConnection, order_id: str, entries: Iterable[Entry], now: datetime) -> None:
    """Write entries; the database refuses one that does not balance, and the same one twice."""
    for entry in entries:
        head = {
            "order_id": order_id,
            "kind": entry.kind,
            "reference": entry.reference,
            "transaction_id": PROVENANCE.get().transaction_id,
            "booked_at": now,
        }
        seq = (await db.execute(insert(ledger_entries).returning(ledger_entries.c.seq), head)).scalar_one()
        rows = [
            {
                "entry_seq": seq,
                "account": each.account,
                "amount_minor": each.amount.amount_minor,
                "currency": each.amount.currency,
            }
            for each in entry.postings
        ]
        await db.execute(insert(ledger_postings), rows)
        money = {"captured": _sum(entry, *RECEIVABLES), "due": -_sum(entry, Account.REFUND_PAYABLE)}
        await db.execute(_OPEN_MONEY, {"order_id": order_id, "currency": entry.postings[0].amount.currency})
        await db.execute(_MOVE_MONEY, {"order_id": order_id, **money})


def _sum(entry: Entry, *accounts: Account) -> int:
    return sum(each.amount.amount_minor for each in entry.postings if each.account in accounts)
