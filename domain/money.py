"""Money: integer minor units and a currency, never a float."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.errors import CurrencyMismatch, InvalidMoney

MINOR_DIGITS = {"CNY": 2, "HKD": 2, "USD": 2, "EUR": 2, "JPY": 0}
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]+))?")


@dataclass(frozen=True, order=True)
class Money:
    """`amount_minor` units (fen for CNY) of `currency` (ISO 4217)."""

    amount_minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise InvalidMoney(f"currency {self.currency!r} is not one of {', '.join(MINOR_DIGITS)}")

    @classmethod
    def from_decimal(cls, text: str, currency: str = "CNY") -> Money:
        """`88.88` -> 8888 fen. More digits than the currency has, signs and exponents are refused."""
        digits = MINOR_DIGITS.get(currency)
        found = _DECIMAL.fullmatch(text)
        if digits is None or found is None or len(found[2] or "") > digits:
            raise InvalidMoney(f"{text!r} is not an amount of {currency}: write it like 88.88")
        return cls(int(found[1] + (found[2] or "").ljust(digits, "0")), currency)

    @property
    def decimal(self) -> str:
        """8888 fen -> `88.88`."""
        digits = MINOR_DIGITS[self.currency]
        sign, text = ("-" if self.amount_minor < 0 else ""), str(abs(self.amount_minor)).rjust(digits + 1, "0")
        return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other} cannot be summed")

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Split by weight so that the parts sum to the whole (largest remainder; ties go to the earlier part)."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise InvalidMoney("weights must be zero or more, and at least one above zero")
        if self.amount_minor < 0:
            return tuple(-part for part in (-self).allocate(weights))
        shares = [divmod(self.amount_minor * weight, total) for weight in weights]
        left = self.amount_minor - sum(whole for whole, _ in shares)
        first_served = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))[:left]
        return tuple(
            Money(whole + (1 if i in first_served else 0), self.currency) for i, (whole, _) in enumerate(shares)
        )


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum; zero of `currency` when there is nothing to sum."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def total_by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum for each currency that came."""
    every = tuple(amounts)
    currencies = dict.fromkeys(amount.currency for amount in every)
    return tuple(total((each for each in every if each.currency == currency), currency) for currency in currencies)
