"""What a customer may expect of a refund: who acts at each stage, what follows, how long it takes.

The spans are the stage targets: where nothing has to come back, they sum to less than 18 hours from the request to the
money. They speak where earlier refunds are too few to say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from domain.promise import NO_TIME, Actor, Basis, Expectation, Span
from domain.refund import Goods, RefundStage

FEWEST_FOR_HISTORY = 30
SOON, LATE = 0.05, 0.95  # one earlier refund in twenty was faster than the range, one slower


class RefundMilestone(StrEnum):
    """What a customer sees a refund reach; the last four end it without all of the money."""

    REQUESTED = "requested"
    GOODS_STOPPED = "goods_stopped"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    RECEIVED = "received"
    PAYING_BACK = "paying_back"
    PAID_BACK = "paid_back"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RETURN_CLOSED = "return_closed"
    NOT_PAID_BACK = "not_paid_back"


def _hours(usual: float, latest: float) -> Span:
    return Span(timedelta(hours=usual), timedelta(hours=latest))


# Who acts, the stage that follows on the straight way, and the time until then. What is not here has ended.
TARGETS: dict[RefundStage, tuple[Actor, RefundStage, Span]] = {
    RefundStage.STOPPING_GOODS: (Actor.WAREHOUSE, RefundStage.AWAITING_APPROVAL, _hours(0.1, 2)),
    RefundStage.AWAITING_APPROVAL: (Actor.SHOP, RefundStage.APPROVED, _hours(1, 10)),
    RefundStage.APPROVED: (Actor.SHOP, RefundStage.PAYING_BACK, _hours(0, 0.5)),
    RefundStage.AWAITING_RETURN: (Actor.BUYER, RefundStage.RETURN_UNDER_WAY, NO_TIME),  # not ours to promise
    RefundStage.RETURN_UNDER_WAY: (Actor.CARRIER, RefundStage.RETURN_RECEIVED, _hours(48, 240)),
    RefundStage.RETURN_RECEIVED: (Actor.SHOP, RefundStage.PAYING_BACK, _hours(0.5, 24)),
    RefundStage.PAYING_BACK: (Actor.PROVIDER, RefundStage.PAID_BACK, _hours(0.1, 5)),
    RefundStage.PARTLY_PAID_BACK: (Actor.PROVIDER, RefundStage.PAID_BACK, _hours(0.1, 5)),
}
_ENDED_EARLY = {
    RefundStage.REFUSED: RefundMilestone.REFUSED,
    RefundStage.WITHDRAWN: RefundMilestone.WITHDRAWN,
    RefundStage.RETURN_CLOSED: RefundMilestone.RETURN_CLOSED,
    RefundStage.NOT_PAID_BACK: RefundMilestone.NOT_PAID_BACK,
}
_REACHED = {
    RefundStage.STOPPING_GOODS: RefundMilestone.REQUESTED,
    RefundStage.APPROVED: RefundMilestone.APPROVED,
    RefundStage.AWAITING_RETURN: RefundMilestone.APPROVED,
    RefundStage.RETURN_UNDER_WAY: RefundMilestone.SENT_BACK,
    RefundStage.RETURN_RECEIVED: RefundMilestone.RECEIVED,
    RefundStage.PAYING_BACK: RefundMilestone.PAYING_BACK,
    RefundStage.PARTLY_PAID_BACK: RefundMilestone.PAYING_BACK,
    RefundStage.PAID_BACK: RefundMilestone.PAID_BACK,
}
_WAITING_FOR_A_DECISION = {
    Goods.STOPPED: RefundMilestone.GOODS_STOPPED,
    Goods.RECEIVED: RefundMilestone.RECEIVED,  # what came back is worth another amount
}
_TO_STOP = (RefundMilestone.GOODS_STOPPED, RefundMilestone.APPROVED)
_TO_COME_BACK = (RefundMilestone.APPROVED, RefundMilestone.SENT_BACK, RefundMilestone.RECEIVED)
_WAY_OF = {
    Goods.KEPT: (RefundMilestone.APPROVED,),
    Goods.TO_STOP: _TO_STOP,
    Goods.STOPPED: _TO_STOP,
    Goods.EXPECTED: _TO_COME_BACK,
    Goods.UNDER_WAY: _TO_COME_BACK,
    Goods.RECEIVED: _TO_COME_BACK,
    Goods.NOT_BACK: _TO_COME_BACK,
}


def way(stage: RefundStage, goods: Goods) -> tuple[RefundMilestone, ...]:
    """All milestones of a refund in their order; of one that ended early, the last one is its end."""
    begun = (RefundMilestone.REQUESTED, *_WAY_OF[goods])
    end = _ENDED_EARLY.get(stage)
    if end is None:
        return (*begun, RefundMilestone.PAYING_BACK, RefundMilestone.PAID_BACK)
    paying = (RefundMilestone.PAYING_BACK,) if stage is RefundStage.NOT_PAID_BACK else ()
    return (*begun, *paying, end)


def current(stage: RefundStage, goods: Goods) -> RefundMilestone:
    """The last milestone that was reached."""
    if stage is RefundStage.AWAITING_APPROVAL:
        return _WAITING_FOR_A_DECISION.get(goods, RefundMilestone.REQUESTED)
    return _ENDED_EARLY.get(stage) or _REACHED[stage]


def actor(stage: RefundStage) -> Actor:
    return TARGETS[stage][0] if stage in TARGETS else Actor.NOBODY


def follows(stage: RefundStage, goods: Goods) -> RefundStage | None:
    """What comes next; goods that are to come back are awaited once the shop agrees."""
    if stage is RefundStage.AWAITING_APPROVAL and goods is Goods.EXPECTED:
        return RefundStage.AWAITING_RETURN
    return TARGETS[stage][1] if stage in TARGETS else None


def rest_of_the_way(stage: RefundStage, goods: Goods) -> Span:
    """From the end of this stage to the money."""
    after = follows(stage, goods)
    if after not in TARGETS:
        return NO_TIME
    return TARGETS[after][2] + rest_of_the_way(after, goods)


def span_of(durations: Sequence[timedelta]) -> Span | None:
    """From the request to the money, as nine of ten earlier refunds took; None when they are too few to say."""
    if len(durations) < FEWEST_FOR_HISTORY:
        return None
    ranked = sorted(durations)
    return Span(_quantile(ranked, SOON), _quantile(ranked, LATE))


def _quantile(ranked: Sequence[timedelta], share: float) -> timedelta:
    place = share * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)


def refund_expected(
    at: tuple[RefundStage, Goods],
    requested: datetime,
    since: datetime,
    now: datetime,
    *,
    time_scale: float = 1.0,
    history: Span | None = None,
) -> Expectation | None:
    """When the money is back, as a range; None once the refund has ended. `since`: when it came to this stage.

    A stage beyond its target, or a refund beyond its history, is overdue; where nothing is left to count on, there is
    no range, because any would be a guess. The buyer's own time is never overdue.
    """
    stage, _ = at
    if stage not in TARGETS:
        return None
    by, _, target = TARGETS[stage]
    own, rest = target.scaled(time_scale), rest_of_the_way(*at).scaled(time_scale)
    due = None if by is Actor.BUYER else since + own.latest
    overdue = due is not None and now > due
    if history is not None and not overdue:
        if now < requested + history.latest:
            earliest = max(now, requested + history.usual)
            return Expectation(earliest, requested + history.latest, Basis.HISTORY, overdue=False, due=due)
        overdue, due = by is not Actor.BUYER, requested + history.latest
    if overdue and rest == NO_TIME:
        return Expectation(None, None, Basis.PROMISE, overdue=True, due=due)
    begun = now if by is Actor.BUYER else since
    earliest, latest = max(now, begun + own.usual) + rest.usual, max(now, begun + own.latest) + rest.latest
    return Expectation(earliest, latest, Basis.PROMISE, overdue, due)
