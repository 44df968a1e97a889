"""Ledger entries and the money row that refunds lock."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ledger import Account, Entry
from persistence.book_tables import ledger_entries, ledger_postings
from ports.provenance import PROVENANCE

_CAPTURE = text(
    """
    insert into order_money as m (order_id, currency, captured_minor, refund_due_minor)
    values (:order_id, :currency, :captured, 0)
    on conflict (order_id) do update set captured_minor = m.captured_minor + excluded.captured_minor
    """
)
_OWE = text("update order_money set refund_due_minor = refund_due_minor + :due where order_id = :order_id")
RECEIVABLES = (Account.PROVIDER_RECEIVABLE, Account.PLATFORM_RECEIVABLE)


async def book(db: AsyncConnection, order_id: str, entries: Iterable[Entry], now: datetime) -> None:
    """Write entries; the database refuses one that is not whole or does not balance, and the same one twice."""
    for entry in entries:
        head = {
            "order_id": order_id,
            "kind": entry.kind,
            "reference": entry.reference,
            "transaction_id": PROVENANCE.get().transaction_id,
            "booked_at": now,
            "posting_count": len(entry.postings),
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
        captured, due = _sum(entry, *RECEIVABLES), -_sum(entry, Account.REFUND_PAYABLE)
        if captured:
            currency = entry.postings[0].amount.currency
            await db.execute(_CAPTURE, {"order_id": order_id, "currency": currency, "captured": captured})
        if due:
            await db.execute(_OWE, {"order_id": order_id, "due": due})


def _sum(entry: Entry, *accounts: Account) -> int:
    return sum(each.amount.amount_minor for each in entry.postings if each.account in accounts)
