"""Money that waits: each open stage of a refund and each open case, with next action, owner and due time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain import calendar
from domain.approval import Approval, Status
from domain.calendar import Calendar
from domain.case import HANDLING, Cause, NewCase
from domain.limits import Limits
from domain.money import Money
from domain.refund import Refund, RefundStage
from domain.refund_leg import WITH_A_PERSON, Leg, LegState
from domain.returns import Return

PROGRAM = "lockstep"  # a workflow goes on with it
NOBODY = ""


@dataclass(frozen=True)
class OpenThing:
    """`about`: approval, goods, leg or case. `amount`: None for a case that is about no money.

    `since`: when the clock of its reminders began (domain/reminders.py); None where somebody else minds it: a
    signature's workflow, the buyer's own window, the one case of all refunds that we keep. `applicant`: who asked for
    the refund, and is never told to decide on it. `cause`: a case's.
    """

    about: str
    id: str
    order_id: str | None
    refund_id: str | None
    next_action: str
    owner: str
    due_at: datetime | None
    amount: Money | None
    since: datetime | None = None
    applicant: str = ""
    cause: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        told = {"next action": self.next_action, "owner": self.owner, "due time": self.due_at}
        return tuple(name for name, value in told.items() if not value)


@dataclass(frozen=True)
class RefundAtHand:
    """`since`: when anything last changed; `legs_since`: when each leg was planned. `cases`: those that are open.

    `requested_at`: None where it does not matter. `deadline`: a marketplace's own. `calendar`: of the shop's entity.
    """

    refund: Refund
    approval: Approval | None
    back: Return | None
    since: datetime
    legs_since: Mapping[int, datetime]
    cases: tuple[NewCase, ...] = ()
    requested_at: datetime | None = None
    deadline: datetime | None = None
    calendar: Calendar = calendar.USUAL_WEEK


def by_risk(things: Iterable[OpenThing], now: datetime) -> list[OpenThing]:
    """First what has no due time, then what is overdue, by amount x time overdue, then the rest, by amount / time left.

    Amounts of different currencies are compared by their figures in minor units.
    """
    return sorted(things, key=lambda each: (*_risk(each, now), each.id))


def _risk(thing: OpenThing, now: datetime) -> tuple[int, float]:
    minor = thing.amount.amount_minor if thing.amount else 0
    if thing.due_at is None:
        return 0, -minor
    left = (thing.due_at - now).total_seconds()
    return (1, minor * left) if left <= 0 else (2, -minor / left)


def open_things(at_hand: RefundAtHand, limits: Limits) -> tuple[OpenThing, ...]:
    """What of a refund is open. What an open case stands for is left to the case."""
    refund = at_hand.refund
    if refund.ended:
        return ()
    if refund.legs:
        legs = (each for each in refund.legs if not each.ended)
        return tuple(_leg(at_hand, each, limits) for each in legs if not _with_people(at_hand, each))
    if refund.stage is RefundStage.AWAITING_APPROVAL and at_hand.approval is not None:
        return tuple(_signatures(at_hand, at_hand.approval, limits))
    return () if any(_is_waited_for(each) for each in at_hand.cases) else (_goods(at_hand, limits),)


def _with_people(at_hand: RefundAtHand, leg: Leg) -> bool:
    """Whether a case stands for this leg: its own, or one for which the whole refund stands still."""
    numbers = {each.out_refund_no for each in at_hand.refund.legs}
    waiting = (each.subject for each in at_hand.cases if _is_waited_for(each))
    return any(subject == leg.out_refund_no or subject not in numbers for subject in waiting)


def _is_waited_for(case: NewCase) -> bool:
    """The others stand beside a stage, and hide nothing of it; but goods that are late are this stage, and late."""
    return HANDLING[case.cause].waits or case.cause is Cause.RETURN_OVERDUE


def _signatures(at_hand: RefundAtHand, approval: Approval, limits: Limits) -> Iterator[OpenThing]:
    """Each is due at its step's own limit, and before a marketplace's clock decides."""
    by = None if at_hand.deadline is None else at_hand.deadline - limits.platform_margin
    if approval.status is Status.OPEN and approval.open_tasks:
        for task in approval.open_tasks:
            limit = approval.steps[task.step].limit
            ends = None if task.opened_at is None else calendar.due(task.opened_at, limit, at_hand.calendar)
            until = _first(ends, by)
            yield _thing(at_hand, "approval", str(task.task_id), approval.next_action, task.signer, until)
    else:
        owner, until = ", ".join(approval.owners) or NOBODY, _first(at_hand.since + limits.case_decision, by)
        request = _thing(at_hand, "approval", "request", approval.next_action, owner, until)
        yield replace(request, since=at_hand.since, applicant="")  # his own to mend, so he may be told


def _first(*times: datetime | None) -> datetime | None:
    return min((each for each in times if each is not None), default=None)


def _goods(at_hand: RefundAtHand, limits: Limits) -> OpenThing:
    back, since = at_hand.back, at_hand.since
    match at_hand.refund.stage:
        case RefundStage.STOPPING_GOODS:
            since = at_hand.requested_at or since  # it begins with this stage
            what = ("goods", "stop", "stop the goods, or say that they have left", "warehouse")
            due: datetime | None = since + limits.case_decision
        case RefundStage.AWAITING_RETURN:
            due = None if back is None else back.send_by
            return _thing(at_hand, "goods", "return", "send the goods back", "customer", due)
        case RefundStage.RETURN_UNDER_WAY:
            what = ("goods", "return", "receive and inspect the goods", "warehouse")
            since = since if back is None or back.sent_at is None else back.sent_at
            due = None if back is None or back.sent_at is None else back.sent_at + limits.return_received_within
        case _:
            what = ("refund", "next", "go on with the refund", PROGRAM)
            due = since + limits.case_decision
    return replace(_thing(at_hand, *what, due), since=since)


def _leg(at_hand: RefundAtHand, leg: Leg, limits: Limits) -> OpenThing:
    since = at_hand.legs_since.get(leg.number)
    due = None if since is None else since + limits.refund_unclear_after
    minded = False
    if leg.state in WITH_A_PERSON:
        action, owner = "", NOBODY  # a case must stand for it, and does not
    elif leg.held is not None:
        action, owner, minded = f"let it go: {leg.held} keeps it", "finance", True
    elif leg.state is LegState.SHORT_OF_BALANCE:
        action, owner, minded = "top up the merchant account", "finance", True
    else:
        action, owner = "ask the provider, with the same number", PROGRAM
    thing = _thing(at_hand, "leg", leg.out_refund_no, action, owner, due, leg.amount)
    return replace(thing, since=None if minded else since)


def _thing(
    at_hand: RefundAtHand,
    about: str,
    part: str,
    action: str,
    owner: str,
    due: datetime | None,
    amount: Money | None = None,
) -> OpenThing:
    refund = at_hand.refund
    name = f"{refund.refund_id}/{part}"
    where = (str(refund.order_id), refund.refund_id)
    return OpenThing(about, name, *where, action, owner, due, amount or refund.amount, applicant=refund.applicant)
