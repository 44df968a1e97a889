"""Caps on outgoing money, as data: so much may leave in an hour or a day, of a policy, by a provider, or altogether.

Whoever may set caps lowers one alone; it takes two people to let more leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import BrakeRefused, SecondPersonNeeded
from domain.money import Money

CAPPED = "cap:"
"""What keeps a leg is named so, with the cap's name behind it."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Per(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class Cap:
    """`policy`: the id of the policy by which it was approved; it and `provider` are None for all of them.

    A day begins at midnight in `zone`, an hour with the clock's.
    """

    name: str
    per: Per
    amount: Money
    policy: str | None = None
    provider: str | None = None
    zone: str = "Asia/Shanghai"

    def __str__(self) -> str:
        by = f" by {self.provider}" if self.provider else ""
        under = f" under the policy {self.policy}" if self.policy else ""
        return f"{self.name}: {self.amount} {'a day' if self.per is Per.DAY else 'an hour'}{by}{under}"

    @property
    def held(self) -> str:
        return f"{CAPPED}{self.name}"

    def covers(self, leaving: Leaving) -> bool:
        return (
            leaving.amount.currency == self.amount.currency
            and self.policy in (None, leaving.policy)
            and self.provider in (None, leaving.provider)
        )

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """The hour or the day that `now` is in: from, until."""
        there = now.astimezone(ZoneInfo(self.zone)).replace(minute=0, second=0, microsecond=0)
        if self.per is Per.HOUR:
            return there, there + timedelta(hours=1)
        begins = there.replace(hour=0)
        return begins, begins + timedelta(days=1)


@dataclass(frozen=True)
class Loosening:
    """A change that would let more leave, and waits for a second person. `to`: the cap it would be; None: no cap."""

    to: Cap | None
    by: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.by} asked at {self.at:%Y-%m-%d %H:%M %Z} for {self.to or 'no such cap'}"


@dataclass(frozen=True)
class Leaving:
    """A leg's money that is about to leave. `policy`: the id of the one that it was approved by."""

    amount: Money
    policy: str | None
    provider: str


def checked(cap: Cap) -> Cap:
    """Raises BrakeRefused for a cap that would mean nothing."""
    if not _NAME.fullmatch(cap.name):
        raise BrakeRefused(f"{cap.name!r}: a cap is named with small letters, digits and hyphens, 40 at most")
    if cap.amount.amount_minor <= 0:
        raise BrakeRefused("a cap is of more than nothing: to stop all money there is the brake")
    try:
        ZoneInfo(cap.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BrakeRefused(f"{cap.zone!r} is no time zone, such as Asia/Shanghai") from None
    return cap


def loosens(before: Cap, to: Cap | None) -> bool:
    """Whether money may leave by this change that had to wait before. What a cap covers does not change alone."""
    if to is None or to.amount.currency != before.amount.currency:
        return True
    return to.amount > before.amount or replace(to, amount=before.amount) != before


def confirmed(before: Cap, asked: Loosening | None, to: Cap | None, by: str) -> bool:
    """Whether this change holds now; else it waits for a second person. Raises SecondPersonNeeded for the first one."""
    if not loosens(before, to):
        return True
    if asked is None or asked.to != to:
        return False
    if asked.by == by:
        raise SecondPersonNeeded(f"{by} asked for it: it takes a second person to let more money leave")
    return True


def reached(caps: Iterable[Cap], leaving: Leaving, gone_minor: Mapping[str, int]) -> Cap | None:
    """The first cap that this money would go over. `gone_minor`: by cap, what has left in its window without it."""
    over = (
        cap
        for cap in caps
        if cap.covers(leaving) and gone_minor[cap.name] + leaving.amount.amount_minor > cap.amount.amount_minor
    )
    return next(over, None)


def waiting_in_words(cap: Cap, waiting: Money, refunds: int, largest: Money, now: datetime) -> str:
    """For the one case of a cap: which, how much waits, what lets it go."""
    some = f"{refunds} refund" + (" waits" if refunds == 1 else "s wait")
    ends = cap.window(now)[1]
    sentence = f"{cap}; {some} with {waiting}, from {ends:%Y-%m-%d %H:%M %Z} on, or at once when the cap is raised"
    if largest.amount_minor > cap.amount.amount_minor:
        sentence += f"; {largest} is more than the cap itself: only a raise lets it go"
    return sentence
