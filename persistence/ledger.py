"""Ledger entries as rows, and the money row that refunds lock."""

from collections.abc import Iterable
from datetime import datetime

from domain.ledger import Account, Entry
from persistence.sheet import Sheet
from ports.provenance import PROVENANCE

RECEIVABLES = (Account.PROVIDER_RECEIVABLE, Account.PLATFORM_RECEIVABLE)


def book(sheet: Sheet, entries: Iterable[Entry], now: datetime) -> None:
    """The database refuses an entry that is not whole or does not balance, and the same one twice."""
    captured = due = 0
    for entry in entries:
        name = {"kind": entry.kind, "reference": entry.reference}
        told = {"transaction_id": PROVENANCE.get().transaction_id, "booked_at": now}
        sheet.entries.append({**name, **told, "posting_count": len(entry.postings)})
        for posting in entry.postings:
            money = {"amount_minor": posting.amount.amount_minor, "currency": posting.amount.currency}
            sheet.postings.append({**name, "account": posting.account, **money})
        captured += _sum(entry, *RECEIVABLES)
        due -= _sum(entry, Account.REFUND_PAYABLE)
    if captured or due:
        sheet.money.append({"currency": sheet.postings[0]["currency"], "captured": captured, "due": due})


def _sum(entry: Entry, *accounts: Account) -> int:
    return sum(each.amount.amount_minor for each in entry.postings if each.account in accounts)
