"""Ledger entries as rows, and the money row that refunds lock."""

from collections.abc import Iterable
from datetime import datetime

from domain.ledger import Account, Entry, EntryKind
from persistence.sheet import Sheet
from ports.provenance import PROVENANCE

RECEIVABLES = (Account.PROVIDER_RECEIVABLE, Account.PLATFORM_RECEIVABLE)
SOURCES = (*RECEIVABLES, Account.PAID_ELSEWHERE)  # what a refund can leave from


def book(sheet: Sheet, entries: Iterable[Entry], now: datetime) -> None:
    """The database refuses an entry that is not whole or does not balance, and the same one twice."""
    captured = due = refunded = 0
    for entry in entries:
        name = {"kind": entry.kind, "reference": entry.reference}
        told = {"transaction_id": PROVENANCE.get().transaction_id, "booked_at": now}
        sheet.entries.append({**name, **told, "posting_count": len(entry.postings)})
        for posting in entry.postings:
            money = {"amount_minor": posting.amount.amount_minor, "currency": posting.amount.currency}
            sheet.postings.append({**name, "account": posting.account, **money})
        if entry.kind is EntryKind.REFUNDED:
            refunded -= _sum(entry, *SOURCES)
        else:
            captured += _sum(entry, *RECEIVABLES)
        due -= _sum(entry, Account.REFUND_PAYABLE)
    if captured or due or refunded:
        money = {"captured": captured, "due": due, "refunded": refunded}
        sheet.money.append({"currency": sheet.postings[0]["currency"], **money})


def _sum(entry: Entry, *accounts: Account) -> int:
    return sum(each.amount.amount_minor for each in entry.postings if each.account in accounts)
