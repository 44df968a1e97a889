"""The payment plan of an order and the money that was captured for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.case import Cause, NewCase
from domain.errors import InvalidOrder
from domain.money import Money, total
from domain.reference import MOST_PARTS


@dataclass(frozen=True)
class PlanPart:
    """One part the order is to be paid in; `pay_until` ends its window."""

    part: int
    amount: Money
    pay_until: datetime


@dataclass(frozen=True)
class Capture:
    """One captured trade. `(provider, account, trade_no)` is unique for ever.

    `part` is the part its number names; `matched` says whether it pays that part, decided once and for good.
    """

    provider: str
    account: str
    trade_no: str
    part: int
    amount: Money
    paid_at: datetime
    matched: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.provider, self.account, self.trade_no)


def check_plan(parts: Sequence[PlanPart], whole: Money) -> None:
    """Parts are numbered 1, 2, ... and sum to the order's whole amount."""
    if [part.part for part in parts] != list(range(1, len(parts) + 1)) or not parts:
        raise InvalidOrder("payment_plan: number the parts 1, 2, ... in order")
    if len(parts) > MOST_PARTS:
        raise InvalidOrder(f"payment_plan: at most {MOST_PARTS} parts")
    if any(part.amount.amount_minor <= 0 for part in parts):
        raise InvalidOrder("payment_plan: each part must be above zero")
    planned = total((part.amount for part in parts), whole.currency)
    if planned != whole:
        raise InvalidOrder(f"payment_plan sums to {planned}, the lines and shipping to {whole}")


def pays_its_part(capture: Capture, plan: Sequence[PlanPart], before: Iterable[Capture]) -> bool:
    """The amount rule: exactly the part's amount, and nobody paid the part before.

    Everything else is held apart and never moves the order: another amount, a second payment of one part,
    a part that the plan does not have.
    """
    asked = next((part.amount for part in plan if part.part == capture.part), None)
    taken = any(other.matched and other.part == capture.part for other in before)
    return asked == capture.amount and not taken


def surplus(plan: Sequence[PlanPart], captures: Sequence[Capture]) -> tuple[Capture, ...]:
    """What pays nothing and never will: another trade pays its part, or the plan has no such part."""
    paid = {capture.part for capture in captures if capture.matched}
    unpaid = {part.part for part in plan} - paid
    return tuple(capture for capture in captures if not capture.matched and capture.part not in unpaid)


def odd_money(capture: Capture, plan: Sequence[PlanPart]) -> NewCase:
    """Why captured money pays nothing, for the person who looks at it."""
    reference = "/".join(capture.key)
    asked = next((part.amount for part in plan if part.part == capture.part), None)
    if asked is None or asked == capture.amount:
        return NewCase(Cause.SURPLUS_PAYMENT, reference, f"{capture.amount} more than the plan asks for")
    return NewCase(Cause.AMOUNT_MISMATCH, reference, f"{capture.amount} was paid, {asked} was asked")


def next_unpaid(plan: Sequence[PlanPart], captures: Iterable[Capture]) -> PlanPart | None:
    paid = {capture.part for capture in captures if capture.matched}
    return next((part for part in plan if part.part not in paid), None)
