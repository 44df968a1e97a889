"""What a customer may expect: who acts at each stage, what comes next, and how long it takes.

The spans are the SOP's limits in a customer's view. They speak where history is too short, or does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.order import Stage


class Actor(StrEnum):
    BUYER = "buyer"
    SHOP = "shop"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    PROVIDER = "provider"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Span:
    """A stage usually takes `usual`, and `latest` at the longest."""

    usual: timedelta
    latest: timedelta

    def __add__(self, other: Span) -> Span:
        return Span(self.usual + other.usual, self.latest + other.latest)

    def scaled(self, factor: float) -> Span:
        """Both divided by `factor`; 1 is real time."""
        return Span(self.usual / factor, self.latest / factor)


@dataclass(frozen=True)
class Promise:
    """Who acts at a stage, the stage that follows on the straight way, and the time until then."""

    by: Actor
    follows: Stage | None
    span: Span


def _hours(usual: float, latest: float) -> Span:
    return Span(timedelta(hours=usual), timedelta(hours=latest))


NO_TIME = _hours(0, 0)
END = Promise(Actor.NOBODY, None, NO_TIME)

PROMISES: dict[Stage, Promise] = {
    Stage.AWAITING_PAYMENT: Promise(Actor.BUYER, Stage.PAID, NO_TIME),  # the buyer's own time is not promised
    Stage.PARTLY_PAID: Promise(Actor.BUYER, Stage.PAID, NO_TIME),
    Stage.PAID: Promise(Actor.SHOP, Stage.PREPARING, _hours(0.1, 4)),
    Stage.ON_HOLD: Promise(Actor.SHOP, Stage.AT_WAREHOUSE, _hours(4, 24)),
    Stage.PREPARING: Promise(Actor.SHOP, Stage.AT_WAREHOUSE, _hours(0.1, 2)),
    Stage.AT_WAREHOUSE: Promise(Actor.WAREHOUSE, Stage.SHIPPED, _hours(12, 48)),
    Stage.PARTLY_SHIPPED: Promise(Actor.WAREHOUSE, Stage.SHIPPED, _hours(12, 48)),
    Stage.SHIPPED: Promise(Actor.CARRIER, Stage.DELIVERED, _hours(36, 120)),
    Stage.PARTLY_DELIVERED: Promise(Actor.CARRIER, Stage.DELIVERED, _hours(24, 72)),
    Stage.DELIVERED: Promise(Actor.NOBODY, Stage.COMPLETED, NO_TIME),  # limits.completes_after_delivery
    Stage.COMPLETED: END,
    Stage.CANCELLED: END,
    Stage.CLOSED_UNPAID: END,
}


class Basis(StrEnum):
    HISTORY = "history"
    PROMISE = "promise"


@dataclass(frozen=True)
class Expectation:
    """When the goods arrive, as a range; `overdue`: this stage takes longer than it should, it should end by `due`."""

    earliest: datetime | None
    latest: datetime | None
    basis: Basis
    overdue: bool
    due: datetime | None


def on_its_way(stage: Stage) -> bool:
    """Whether the goods are still to arrive."""
    return stage is not Stage.DELIVERED and PROMISES[stage].follows is not None


def rest_of_the_way(stage: Stage) -> Span:
    """From the end of this stage to the delivery."""
    follows = PROMISES[stage].follows
    if follows is None or follows in (Stage.DELIVERED, Stage.COMPLETED):
        return NO_TIME
    return PROMISES[follows].span + rest_of_the_way(follows)


def expected(
    stage: Stage, since: datetime, now: datetime, *, time_scale: float = 1.0, history: Span | None = None
) -> Expectation | None:
    """None once nothing is to arrive any more. `history`: what was left of the way for earlier orders at this stage.

    A stage that takes longer than its limit is overdue. The range then starts from now; where nothing is left to
    count on (the last stage is late), there is no range, because any would be a guess.
    """
    if not on_its_way(stage):
        return None
    promise = PROMISES[stage]
    own, rest = promise.span.scaled(time_scale), rest_of_the_way(stage).scaled(time_scale)
    if promise.by is Actor.BUYER:
        span = history or rest
        return Expectation(now + span.usual, now + span.latest, _basis(history), overdue=False, due=None)
    due = since + own.latest
    overdue = now > due
    if history is not None and not overdue:
        if now < since + history.latest:
            earliest = max(now, since + history.usual)
            return Expectation(earliest, since + history.latest, Basis.HISTORY, overdue=False, due=due)
        overdue, due = True, since + history.latest
    if overdue and rest == NO_TIME:
        return Expectation(None, None, Basis.PROMISE, overdue=True, due=due)
    earliest = max(now, since + own.usual) + rest.usual
    latest = max(now, since + own.latest) + rest.latest
    return Expectation(earliest, latest, Basis.PROMISE, overdue, due)


def _basis(history: Span | None) -> Basis:
    return Basis.PROMISE if history is None else Basis.HISTORY
