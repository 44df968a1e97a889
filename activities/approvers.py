"""Who approves what, asked of the record as it is now: local activities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from domain.calendar import TimeLimit
from domain.money import Money
from domain.people import in_turn
from domain.route import RefundFacts, Route
from ports.approvers import Approvers


@dataclass(frozen=True)
class PersonAsked:
    """Somebody wants to decide on `amount`; `signer` is whom he wants to bring in, where he does."""

    person: str
    at: datetime
    amount: Money
    signer: str = ""


@dataclass(frozen=True)
class Standing:
    """Whose work this person does now, and why he, or the signer he names, may not decide: empty when he may."""

    stands_in_for: tuple[str, ...]
    refusal: str = ""


@dataclass(frozen=True)
class TaskAsked:
    """A signer's open task, whose clock began at `since`. `by`: somebody else's deadline, less our margin."""

    signer: str
    applicant: str
    entity_id: str
    since: datetime
    limit: TimeLimit
    by: datetime | None = None


@dataclass(frozen=True)
class Level:
    """When which superior is told; `skipped`: those before him, each with the reason."""

    at: datetime
    person: str
    skipped: tuple[tuple[str, str], ...] = ()


class ApproverActivities:
    def __init__(self, approvers: Approvers) -> None:
        self._approvers = approvers

    @activity.defn(name="approvers.route")
    async def route(self, facts: RefundFacts) -> Route:
        return await self._approvers.route(facts)

    @activity.defn(name="approvers.standing")
    async def standing(self, asked: PersonAsked) -> Standing:
        for person in filter(None, (asked.person, asked.signer)):
            if not await self._approvers.may_decide(person, asked.amount):
                return Standing((), f"{person} may not decide on {asked.amount}")
        return Standing(await self._approvers.stands_in_for(asked.person, asked.at))

    @activity.defn(name="approvers.levels")
    async def levels(self, task: TaskAsked) -> tuple[Level, ...]:
        """Whom to remind, and when. Where the chain is empty it is the signer himself."""
        turns = in_turn(await self._approvers.ladder(task.signer, task.applicant), task.signer)
        times = await self._approvers.reminders(task.entity_id, task.since, task.limit, len(turns), task.by)
        return tuple(
            Level(at, turn.person, tuple((each.person, each.skipped) for each in turn.skipped))
            for at, turn in zip(times, turns, strict=True)
        )

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (self.route, self.standing, self.levels)
