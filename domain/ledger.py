"""Double-entry bookkeeping per order: every entry sums to zero, no entry is ever changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from domain.errors import UnbalancedEntry
from domain.money import Money, total
from domain.reference import OWN_SHOP, OrderId


class Account(StrEnum):
    """Debit is positive. A receivable is what somebody owes the merchant; the rest is what it is for.

    Paid elsewhere: what left by another way than a provider's, such as a bank transfer.
    """

    PROVIDER_RECEIVABLE = "provider_receivable"
    PLATFORM_RECEIVABLE = "platform_receivable"
    BUYER_CASH = "buyer_cash"
    PLATFORM_SUBSIDY = "platform_subsidy"
    FREIGHT = "freight"
    COMMISSION = "commission"
    HELD_APART = "held_apart"
    REFUND_PAYABLE = "refund_payable"
    PAID_ELSEWHERE = "paid_elsewhere"


class EntryKind(StrEnum):
    CAPTURED = "captured"  # money that pays a part of the plan
    HELD_APART = "held_apart"  # money that pays nothing (yet)
    MATCHED = "matched"  # money held apart found its order
    REFUND_DUE = "refund_due"  # money that must go back
    REFUNDED = "refunded"  # money that went back


@dataclass(frozen=True)
class Posting:
    account: Account
    amount: Money


@dataclass(frozen=True)
class Entry:
    """`reference` names what it is about, such as `alipay/main/2026112222001`; unique per kind within an order."""

    kind: EntryKind
    reference: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        currency = self.postings[0].amount.currency if self.postings else "CNY"
        off = total((posting.amount for posting in self.postings), currency)
        if not self.postings or off.amount_minor != 0:
            raise UnbalancedEntry(f"entry {self.kind} {self.reference} is off by {off}")


def _entry(kind: EntryKind, reference: str, *postings: tuple[Account, Money]) -> Entry:
    return Entry(
        kind, reference, tuple(Posting(account, amount) for account, amount in postings if amount.amount_minor)
    )


def receivable_of(order_id: OrderId) -> Account:
    """Who owes us what was paid: the provider, or the marketplace that sold it and settles later."""
    return Account.PROVIDER_RECEIVABLE if order_id.channel == OWN_SHOP else Account.PLATFORM_RECEIVABLE


def captured(reference: str, amount: Money, freight: Money, receivable: Account = Account.PROVIDER_RECEIVABLE) -> Entry:
    """Money that pays its part: the provider owes it to us, for goods and for freight."""
    return _entry(
        EntryKind.CAPTURED,
        reference,
        (receivable, amount),
        (Account.BUYER_CASH, freight - amount),
        (Account.FREIGHT, -freight),
    )


def captured_from(receivable: Account) -> Callable[[str, Money, Money], Entry]:
    return partial(captured, receivable=receivable)


def held_apart(reference: str, amount: Money, receivable: Account = Account.PROVIDER_RECEIVABLE) -> Entry:
    return _entry(EntryKind.HELD_APART, reference, (receivable, amount), (Account.HELD_APART, -amount))


def matched(reference: str, amount: Money, freight: Money) -> Entry:
    """Money came before its order; now it pays its part."""
    return _entry(
        EntryKind.MATCHED,
        reference,
        (Account.HELD_APART, amount),
        (Account.BUYER_CASH, freight - amount),
        (Account.FREIGHT, -freight),
    )


def refund_due(reference: str, amount: Money, freight: Money, *, apart: bool) -> Entry:
    """Money that must go back, from the order's own accounts or from what was held apart."""
    if apart:
        return _entry(EntryKind.REFUND_DUE, reference, (Account.HELD_APART, amount), (Account.REFUND_PAYABLE, -amount))
    return _entry(
        EntryKind.REFUND_DUE,
        reference,
        (Account.BUYER_CASH, amount - freight),
        (Account.FREIGHT, freight),
        (Account.REFUND_PAYABLE, -amount),
    )


def refunded(
    reference: str,
    amount: Money,
    freight: Money,
    *,
    was_due: bool,
    source: Account = Account.PROVIDER_RECEIVABLE,
) -> Entry:
    """Money went back to the buyer out of `source`: for what was due to him, or for the order's own accounts."""
    if was_due:
        return _entry(EntryKind.REFUNDED, reference, (Account.REFUND_PAYABLE, amount), (source, -amount))
    return _entry(
        EntryKind.REFUNDED,
        reference,
        (Account.BUYER_CASH, amount - freight),
        (Account.FREIGHT, freight),
        (source, -amount),
    )
