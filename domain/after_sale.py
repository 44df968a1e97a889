"""A marketplace's own after-sale: the platform moves the money, and its clock decides where nobody does.

What the platform says is its whole state under a revision that only grows: the newest counts, whatever comes when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import ImpossibleMove
from domain.money import Money


class SaleState(StrEnum):
    ASKED = "asked"  # the buyer asked; the merchant, the platform, the buyer or the clock decides
    AGREED = "agreed"  # the platform will move the money
    REFUSED = "refused"  # the merchant said no; the platform may still overrule it
    SUCCEEDED = "succeeded"  # the money went back
    CLOSED = "closed"  # no money went back, and none will


class DecidedBy(StrEnum):
    NOBODY = ""
    MERCHANT = "merchant"
    PLATFORM = "platform"
    BUYER = "buyer"
    CLOCK = "clock"  # nobody said anything before the deadline: agreed by the platform's clock


class AtDeadline(StrEnum):
    """What a policy wants when the platform's deadline, less our margin, has come and nobody has decided."""

    EXTEND = "extend"  # once; then the last superior is paged, and the platform's clock decides
    AGREE = "agree"
    REFUSE = "refuse"  # with what is known as evidence


class Turn(StrEnum):
    """What is to be done when the time before a deadline is up."""

    EXTEND = "extend"
    AGREE = "agree"
    REFUSE = "refuse"
    PAGE = "page"
    ASK = "ask"  # the deadline is over: what became of it


ENDED = (SaleState.SUCCEEDED, SaleState.CLOSED)


@dataclass(frozen=True)
class AfterSale:
    """`number` is the platform's name of it, `amount` what the platform would pay back; `reference` its own proof."""

    number: str
    revision: int
    state: SaleState
    amount: Money
    deadline: datetime | None = None
    extensions_left: int = 0
    decided_by: DecidedBy = DecidedBy.NOBODY
    done_at: datetime | None = None
    reference: str | None = None


def newer(known: AfterSale, told: AfterSale) -> AfterSale | None:
    """What was told, where it is news. Raises ImpossibleMove for an end that is taken back."""
    if told.revision <= known.revision:
        return None
    if known.state in ENDED and told.state is not known.state:
        raise ImpossibleMove(f"after-sale {known.number} is {known.state}, the platform says {told.state}")
    return told


def turn(
    sale: AfterSale, wanted: AtDeadline, margin: timedelta, *, extended: bool, paged: bool
) -> tuple[datetime, Turn] | None:
    """What is to be done next about its deadline, and when. None once it is decided, or where it has no deadline."""
    if sale.state is not SaleState.ASKED or sale.deadline is None:
        return None
    if paged:
        return sale.deadline, Turn.ASK
    at = sale.deadline - margin
    if wanted is not AtDeadline.EXTEND:
        return at, Turn(wanted.value)
    return at, Turn.PAGE if extended or not sale.extensions_left else Turn.EXTEND
