"""Who approves what, asked of the record as it is now: the port's one real implementation."""

from dataclasses import asdict, replace
from datetime import datetime

from domain.calendar import TimeLimit, reminder_times
from domain.money import Money
from domain.people import Rung, Staff
from domain.policy import REFUNDS, SHIPPED
from domain.route import RefundFacts, Route
from domain.routing import route
from persistence import people, policies
from persistence.engine import Engine, reading
from persistence.refund_facts import known


class PostgresApprovers:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def route(self, facts: RefundFacts) -> Route:
        async with reading(self._engine) as db:
            if (found := (await known(db, [facts.refund_id])).get(facts.refund_id)) is not None:
                facts = replace(facts, **asdict(found))
            saved = await policies.find(db, REFUNDS)
            entity = await people.entity_of(db, facts.channel, facts.shop_id)
            staff = await people.read_staff(db)
        return route(saved.policy if saved else SHIPPED, staff, entity or "", facts)

    async def superior_of(self, person: str) -> str | None:
        return (await self._staff()).superior_of(person)

    async def ladder(self, person: str, applicant: str) -> tuple[Rung, ...]:
        return (await self._staff()).ladder(person, applicant)

    async def standing_in(self, person: str, at: datetime) -> str | None:
        return (await self._staff()).standing_in(person, at)

    async def stands_in_for(self, person: str, at: datetime) -> tuple[str, ...]:
        return (await self._staff()).stands_in_for(person, at)

    async def may_decide(self, person: str, amount: Money) -> bool:
        return (await self._staff()).may_decide(person, amount)

    async def reminders(
        self, entity_id: str, since: datetime, limit: TimeLimit, levels: int, no_later_than: datetime | None
    ) -> tuple[datetime, ...]:
        async with reading(self._engine) as db:
            calendar = await people.calendar_of(db, entity_id)
        return reminder_times(since, limit, levels, calendar, no_later_than=no_later_than)

    async def _staff(self) -> Staff:
        async with reading(self._engine) as db:
            return await people.read_staff(db)
