"""Money: reading, writing, summing and splitting it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch, InvalidMoney
from domain.money import MINOR_DIGITS, Money, total

amounts = st.integers(-(10**15) + 1, 10**15 - 1)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("88.88", "CNY", 8888),
        ("0", "CNY", 0),
        ("0.01", "CNY", 1),
        ("1.5", "CNY", 150),
        ("100", "CNY", 10000),
        ("9999999999999.99", "CNY", 999999999999999),
        ("100", "JPY", 100),
        ("0.99", "USD", 99),
    ],
)
def test_a_plain_decimal_is_read_to_the_minor_unit(text: str, currency: str, minor: int) -> None:
    assert Money.from_decimal(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "CNY"),
        ("88.888", "CNY"),
        ("1.5", "JPY"),
        ("-1.00", "CNY"),
        ("+1.00", "CNY"),
        ("1e2", "CNY"),
        ("1,000.00", "CNY"),
        ("01.00", "CNY"),
        (".50", "CNY"),
        ("5.", "CNY"),
        (" 1.00", "CNY"),
        ("1.00\n", "CNY"),
        ("NaN", "CNY"),
        ("１２.00", "CNY"),
        ("1２.00", "CNY"),
        ("1.٣", "CNY"),
        ("10000000000000.00", "CNY"),
        ("1.00", "XXX"),
    ],
)
def test_anything_else_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(InvalidMoney, match="is not an amount of"):
        Money.from_decimal(text, currency)


@given(st.integers(0, 10**13 - 1), st.sampled_from(sorted(MINOR_DIGITS)))
def test_what_was_written_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_decimal(money.decimal, currency) == money


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(5), "0.05 CNY"),
        (Money(-5), "-0.05 CNY"),
        (Money(-12345), "-123.45 CNY"),
        (Money(-7, "JPY"), "-7 JPY"),
        (Money(0), "0.00 CNY"),
    ],
)
def test_money_is_shown_with_all_its_digits(money: Money, shown: str) -> None:
    assert str(money) == shown


def test_an_unknown_currency_is_no_money() -> None:
    with pytest.raises(InvalidMoney, match="'CNH' is not one of CNY"):
        Money(1, "CNH")


def test_two_currencies_are_never_summed() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        Money(1, "CNY") - Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        total([Money(0, "USD")], "CNY")


def test_the_sum_of_nothing_is_zero_of_its_currency() -> None:
    assert total([], "JPY") == Money(0, "JPY")


@given(amounts, weights)
def test_the_parts_sum_to_the_whole_and_none_is_off_by_a_unit(minor: int, shares: list[int]) -> None:
    parts = Money(minor).allocate(shares)
    assert total(parts, "CNY") == Money(minor)
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part.amount_minor * sum(shares) - minor * weight) < sum(shares)


@given(amounts, weights)
def test_a_part_of_no_weight_gets_nothing(minor: int, shares: list[int]) -> None:
    parts = Money(minor).allocate([*shares, 0])
    assert parts[-1] == Money(0)


@given(amounts, weights)
def test_a_negative_amount_is_split_like_its_opposite(minor: int, shares: list[int]) -> None:
    assert Money(-minor).allocate(shares) == tuple(-part for part in Money(minor).allocate(shares))


@pytest.mark.parametrize(
    ("minor", "shares", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # a tie: the earlier part is served first
        (101, [1, 1, 1], [34, 34, 33]),
        (100, [1, 5], [17, 83]),  # 16.67 and 83.33: the larger remainder is served, not the larger part
        (10, [3, 3, 1], [4, 4, 2]),  # 4.29, 4.29, 1.43: the last has the largest remainder
        (1, [0, 1], [0, 1]),
        (0, [1, 2], [0, 0]),
        (2, [1, 1, 1], [1, 1, 0]),
        (-100, [1, 1, 1], [-34, -33, -33]),
    ],
)
def test_the_remainder_goes_to_the_largest_remainders(minor: int, shares: list[int], expected: list[int]) -> None:
    assert [part.amount_minor for part in Money(minor).allocate(shares)] == expected


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [2, -1], [-1, -1]])
def test_weights_that_share_nothing_out_are_refused(shares: list[int]) -> None:
    with pytest.raises(InvalidMoney, match="weights must be zero or more"):
        Money(100).allocate(shares)
