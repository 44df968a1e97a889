"""Who approves what, as workflows see it: people, policies and calendars of the record as they are now.

An approval keeps the route that it was given; whoever changes a policy changes what comes after. People are read each
time: who has left signs nothing. A person whom the record does not know decides nothing.
"""

from datetime import datetime
from typing import Protocol

from domain.calendar import TimeLimit
from domain.money import Money
from domain.people import Rung
from domain.route import RefundFacts, Route


class Approvers(Protocol):
    async def route(self, facts: RefundFacts) -> Route:
        """Never without a rule: a policy with a gap cannot be saved. Without steps, its `stuck` says why."""

    async def superior_of(self, person: str) -> str | None:
        """The nearest one who still works here; None at the chain's end."""

    async def ladder(self, person: str, applicant: str) -> tuple[Rung, ...]:
        """Whom to remind of this signer's task, level by level; who is skipped stands there with the reason."""

    async def standing_in(self, person: str, at: datetime) -> str | None:
        """Who does this person's work at that time; None while he is there himself."""

    async def stands_in_for(self, person: str, at: datetime) -> tuple[str, ...]:
        """Whose work this person does at that time: what a Deed needs to know."""

    async def may_decide(self, person: str, amount: Money) -> bool:
        """Whether this person works here and the amount is within his limit."""

    async def reminders(
        self, entity_id: str, since: datetime, limit: TimeLimit, levels: int, no_later_than: datetime | None
    ) -> tuple[datetime, ...]:
        """When each level is told, by the entity's calendar; they share the time before somebody else's deadline."""
