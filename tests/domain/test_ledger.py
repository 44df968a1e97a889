"""The books: each entry sums to zero, and what is paid back undoes what was captured."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ledger
from domain.errors import CurrencyMismatch, UnbalancedEntry
from domain.ledger import Account, Entry, EntryKind, Posting
from domain.money import Money
from tests.builders import yuan

amounts = st.integers(1, 10**12).map(Money)


def balances(*entries: Entry) -> dict[Account, str]:
    """Yuan per account; accounts at zero are left out."""
    sums: Counter[Account] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] += posting.amount.amount_minor
    return {account: Money(minor).decimal for account, minor in sums.items() if minor}


@given(amounts, st.integers(0, 100))
def test_every_kind_of_entry_balances_and_carries_no_empty_posting(amount: Money, percent: int) -> None:
    freight = Money(amount.amount_minor * percent // 100)
    for entry in (
        ledger.captured("t", amount, freight),
        ledger.held_apart("t", amount),
        ledger.matched("t", amount, freight),
        ledger.refund_due("t", amount, freight, apart=False),
        ledger.refund_due("t", amount, freight, apart=True),
    ):
        assert sum(posting.amount.amount_minor for posting in entry.postings) == 0
        assert all(posting.amount.amount_minor for posting in entry.postings)
        assert len({posting.account for posting in entry.postings}) == len(entry.postings)


def test_a_capture_is_owed_by_the_provider_for_goods_and_freight() -> None:
    assert balances(ledger.captured("t", yuan("144.00"), yuan("8.00"))) == {
        Account.PROVIDER_RECEIVABLE: "144.00",
        Account.BUYER_CASH: "-136.00",
        Account.FREIGHT: "-8.00",
    }


def test_money_held_apart_and_then_matched_ends_like_money_captured_at_once() -> None:
    amount, freight = yuan("144.00"), yuan("8.00")
    detour = balances(ledger.held_apart("t", amount), ledger.matched("t", amount, freight))
    assert detour == balances(ledger.captured("t", amount, freight))


@pytest.mark.parametrize("apart", [True, False])
def test_money_due_back_leaves_only_the_provider_and_the_debt_to_the_buyer(apart: bool) -> None:  # noqa: FBT001 - pytest
    amount, freight = yuan("144.00"), yuan("8.00")
    came = ledger.held_apart("t", amount) if apart else ledger.captured("t", amount, freight)
    assert balances(came, ledger.refund_due("t", amount, freight, apart=apart)) == {
        Account.PROVIDER_RECEIVABLE: "144.00",
        Account.REFUND_PAYABLE: "-144.00",
    }


def test_an_entry_that_does_not_sum_to_zero_is_refused_with_the_difference() -> None:
    postings = (Posting(Account.PROVIDER_RECEIVABLE, yuan("1.00")), Posting(Account.BUYER_CASH, -yuan("0.99")))
    with pytest.raises(UnbalancedEntry, match=r"captured alipay/main/1 is off by 0\.01 CNY"):
        Entry(EntryKind.CAPTURED, "alipay/main/1", postings)


def test_an_entry_without_postings_is_refused() -> None:
    with pytest.raises(UnbalancedEntry):
        Entry(EntryKind.CAPTURED, "alipay/main/1", ())
    with pytest.raises(UnbalancedEntry):
        ledger.captured("alipay/main/1", yuan("0"), yuan("0"))


def test_an_entry_in_two_currencies_is_refused() -> None:
    postings = (Posting(Account.PROVIDER_RECEIVABLE, Money(100)), Posting(Account.BUYER_CASH, Money(-100, "USD")))
    with pytest.raises(CurrencyMismatch):
        Entry(EntryKind.CAPTURED, "alipay/main/1", postings)
