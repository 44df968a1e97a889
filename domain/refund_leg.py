"""One movement of money back: a leg of a refund, by the route of one payment, under a number that never changes.

What a provider says moves the leg; time never does. A leg nobody knows about yet stays unknown until the provider, or a
person with evidence, says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.errors import ImpossibleMove, SkipRefused
from domain.money import Money
from domain.reference import OrderId

OUT_REFUND_NO_LIMIT = 64  # characters; the same at both providers


class RefundOutcome(StrEnum):
    """What a provider says of one refund number."""

    DONE = "done"  # the money went back
    PROCESSING = "processing"  # accepted, under way
    REFUSED = "refused"  # conclusive: nothing moved, and nothing will under this number
    CLOSED = "closed"  # conclusive: this number is dead, a successor may be used
    ABNORMAL = "abnormal"  # the original route is impossible: a person
    SHORT_OF_BALANCE = "short_of_balance"  # the merchant account is empty: wait, with the same number
    UNKNOWN = "unknown"  # nobody can tell yet: ask with the same number
    NOT_FOUND = "not_found"  # the provider has never heard the number; only a question is answered so


class LegState(StrEnum):
    PLANNED = "planned"  # committed, and not asked for yet
    ASKED = "asked"  # the provider is asked, or is to be asked with the same number
    PROCESSING = "processing"
    SHORT_OF_BALANCE = "short_of_balance"
    UNKNOWN = "unknown"
    ABNORMAL = "abnormal"
    REFUSED = "refused"
    CLOSED = "closed"
    GIVEN_UP = "given_up"  # a person closed what the provider had refused: no money moved, and none will
    TO_BE_CONFIRMED = "to_be_confirmed"  # somebody says that its money went another way; a second one must look
    DONE = "done"


@dataclass(frozen=True)
class Leg:
    """`payment`: (provider, account, trade_no). `freight`: how much of `amount` is freight.

    `replaces`: the number of the leg that was closed or given up. `refund_no`: the provider's reference, or that of the
    other way by which it went: then `said_by` has seen to it, and `confirmed_by` has looked at the evidence. `held`:
    what of our own keeps it from being asked for, as domain/brake.py names it.
    """

    number: int
    payment: tuple[str, str, str]
    amount: Money
    freight: Money
    out_refund_no: str
    state: LegState = LegState.PLANNED
    replaces: int | None = None
    refund_no: str | None = None
    code: str | None = None
    done_at: datetime | None = None
    held: str | None = None
    said_by: str | None = None
    confirmed_by: str | None = None

    @property
    def counts(self) -> bool:
        """Whether its money went back, or still may."""
        return self.state not in NOTHING_MOVED

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def reference(self) -> str:
        """Where its provider gives a refund no number (Alipay), that of the payment, under which he keeps it."""
        return self.refund_no or self.payment[2]


ENDED = (LegState.DONE, LegState.CLOSED, LegState.GIVEN_UP)
NOTHING_MOVED = (LegState.CLOSED, LegState.GIVEN_UP)
TO_BE_ASKED = (LegState.PLANNED, LegState.ASKED, LegState.SHORT_OF_BALANCE)  # with the number it has
TO_BE_ASKED_ABOUT = (LegState.UNKNOWN, LegState.PROCESSING)
NOT_BY_THIS_ROUTE = (LegState.REFUSED, LegState.ABNORMAL)
WITH_A_PERSON = (*NOT_BY_THIS_ROUTE, LegState.TO_BE_CONFIRMED)
TAKEN_BACK = (RefundOutcome.ABNORMAL, RefundOutcome.CLOSED, RefundOutcome.REFUSED)

_TOLD: Mapping[RefundOutcome, LegState] = {
    RefundOutcome.DONE: LegState.DONE,
    RefundOutcome.PROCESSING: LegState.PROCESSING,
    RefundOutcome.REFUSED: LegState.REFUSED,
    RefundOutcome.CLOSED: LegState.CLOSED,
    RefundOutcome.ABNORMAL: LegState.ABNORMAL,
    RefundOutcome.SHORT_OF_BALANCE: LegState.SHORT_OF_BALANCE,
    RefundOutcome.UNKNOWN: LegState.UNKNOWN,
    RefundOutcome.NOT_FOUND: LegState.ASKED,
}
# What says no more than we know already, or less, changes nothing.
_OLD_NEWS: Mapping[LegState, frozenset[RefundOutcome]] = {
    LegState.ASKED: frozenset(),
    LegState.UNKNOWN: frozenset(),
    LegState.SHORT_OF_BALANCE: frozenset({RefundOutcome.NOT_FOUND}),
    LegState.PROCESSING: frozenset({RefundOutcome.UNKNOWN, RefundOutcome.NOT_FOUND}),
    LegState.ABNORMAL: frozenset(
        {RefundOutcome.UNKNOWN, RefundOutcome.NOT_FOUND, RefundOutcome.SHORT_OF_BALANCE, RefundOutcome.PROCESSING}
    ),
    LegState.REFUSED: frozenset(set(RefundOutcome) - {RefundOutcome.DONE}),
    LegState.CLOSED: frozenset(set(RefundOutcome) - {RefundOutcome.DONE}),
    LegState.GIVEN_UP: frozenset(set(RefundOutcome) - {RefundOutcome.DONE}),
    LegState.DONE: frozenset(set(RefundOutcome) - {RefundOutcome.REFUSED, RefundOutcome.CLOSED}),
}
# Money that moved under a number that was taken for dead, or did not move although it was told: nobody may guess.
_CONTRADICTIONS = frozenset(
    {
        (LegState.CLOSED, RefundOutcome.DONE),
        (LegState.GIVEN_UP, RefundOutcome.DONE),
        (LegState.DONE, RefundOutcome.REFUSED),
        (LegState.DONE, RefundOutcome.CLOSED),
    }
)


@dataclass(frozen=True)
class Told:
    """What a provider said of a leg. `amount` and `at` are there where it names them."""

    outcome: RefundOutcome
    refund_no: str | None = None
    amount: Money | None = None
    at: datetime | None = None
    code: str | None = None


def out_refund_no(order_id: OrderId, refund_id: str, number: int) -> str:
    """`tea_1001_4f0c2a9b81d3e6f7_1`: the same for ever, whoever asks how often."""
    return f"{order_id.shop_id}_{order_id.order_no}_{refund_id}_{number}"


def asked(leg: Leg) -> Leg:
    """It is written before the provider is called, so that a crash in between leaves a leg that may have moved money.

    One that found the account empty stays so until the provider says otherwise. Raises ImpossibleMove where the same
    number may not be used again.
    """
    if leg.state not in (*TO_BE_ASKED, *NOT_BY_THIS_ROUTE):
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}: it cannot be asked for")
    short = leg.state is LegState.SHORT_OF_BALANCE
    return replace(leg, state=leg.state if short else LegState.ASKED, held=None)


def held(leg: Leg, why: str) -> Leg:
    """It is not asked for now: it waits, with its number, and nothing has failed."""
    if leg.state not in TO_BE_ASKED:
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}: there is nothing to hold")
    return replace(leg, held=why)


def without_route(leg: Leg, why: str) -> Leg:
    """Its payment's route is gone before its provider was ever asked."""
    if leg.state is not LegState.PLANNED:
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}: its provider may know it")
    return replace(leg, state=LegState.ABNORMAL, code=why, held=None)


def answered(leg: Leg, told: Told, now: datetime) -> Leg:
    """The leg after what the provider said. Raises ImpossibleMove for what contradicts what is known."""
    if leg.state in (LegState.PLANNED, LegState.TO_BE_CONFIRMED) or (leg.state, told.outcome) in _CONTRADICTIONS:
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}, the provider says {told.outcome}")
    if told.outcome in _OLD_NEWS[leg.state]:
        return leg
    if told.outcome is RefundOutcome.DONE and told.amount not in (None, leg.amount):
        raise ImpossibleMove(f"leg {leg.out_refund_no} is of {leg.amount}, the provider says {told.amount} went back")
    refund_no = told.refund_no or leg.refund_no
    moved = replace(leg, state=_TOLD[told.outcome], refund_no=refund_no, code=told.code, held=None)
    return replace(moved, done_at=told.at or now) if told.outcome is RefundOutcome.DONE else moved


def answered_before(leg: Leg, told: Told) -> bool:
    """Whether this very word has been recorded: what it says, or more, is known of the leg."""
    return leg.state is _TOLD[told.outcome] or (leg.ended and told.outcome in _OLD_NEWS[leg.state])


def taken_back(leg: Leg, told: Told) -> bool:
    """Whether the provider takes back its word that the money went out. Nothing is booked by it: a person looks."""
    return leg.state is LegState.DONE and told.outcome in TAKEN_BACK


def given_up(leg: Leg) -> Leg:
    """A person says that nothing more comes of it; only where the provider said that nothing moved."""
    if leg.state not in WITH_A_PERSON:
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}: what may still move money cannot be given up")
    return replace(leg, state=LegState.GIVEN_UP)


def check_confirmation(leg: Leg, applicant: str, by: str) -> None:
    """Raises SkipRefused for who said so himself, and for who asked for the money."""
    if by in (leg.said_by, applicant):
        why = "said so" if by == leg.said_by else "asked for it"
        raise SkipRefused(f"{by} {why}: it takes another person to confirm")


def confirmed(leg: Leg, by: str, now: datetime) -> Leg:
    """Its money went another way: somebody said so, and a second person has looked."""
    if leg.state is not LegState.TO_BE_CONFIRMED:
        raise ImpossibleMove(f"leg {leg.out_refund_no} is {leg.state}: there is nothing to confirm")
    return replace(leg, state=LegState.DONE, confirmed_by=by, done_at=now)
