"""The brake on outgoing money. Anybody of the staff may stop all of it; it takes two people to let it go again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import BrakeRefused

STOPPED = "stop"
"""What keeps a leg while all money is stopped."""
DISPUTED = "dispute"
"""What keeps a leg while the buyer disputes its payment with the provider, who may give him the money himself."""


@dataclass(frozen=True)
class Said:
    """Who said what, and when."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Brake:
    """`stop`: who stopped all money, None while it may leave. `asked`: the first of the two who release it."""

    stop: Said | None = None
    asked: Said | None = None

    @property
    def is_on(self) -> bool:
        return self.stop is not None

    @property
    def in_words(self) -> str:
        if self.stop is None:
            return "money may leave"
        said = f"{self.stop.by} stopped all money at {self.stop.at:%Y-%m-%d %H:%M:%S %Z}: {self.stop.reason}"
        if self.asked is None:
            return f"{said}. Two people release it"
        return f"{said}. {self.asked.by} asked to release it: a second person confirms"


RELEASED = Brake()


def stopped(brake: Brake, said: Said) -> Brake:
    """Who stops what is stopped already takes back that it was to be released; the first stop and its reason stand.

    Raises BrakeRefused without a reason.
    """
    _must_say_why(said)
    return Brake(brake.stop or said)


def resumed(brake: Brake, said: Said) -> Brake:
    """The first person asks, a second one confirms. Raises BrakeRefused."""
    if brake.stop is None:
        raise BrakeRefused("money is not stopped: there is nothing to release")
    _must_say_why(said)
    if brake.asked is None:
        return replace(brake, asked=said)
    if brake.asked.by == said.by:
        raise BrakeRefused(f"{said.by} asked for it: it takes a second person to release the money")
    return RELEASED


def _must_say_why(said: Said) -> None:
    if not said.by.strip() or not said.reason.strip():
        raise BrakeRefused("say who does it and why")
