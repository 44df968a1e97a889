"""Reminders of what stays open, out of the record alone: nobody's workflow has to be there for them.

Two senders may look at once, while one is taken for dead: they take turns, and the table takes each level once.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import USUAL_WEEK, TimeLimit
from domain.limits import Limits
from domain.money_at_risk import OpenThing
from domain.news import Audience, News, Topic
from domain.reminders import Reminder, Rhythm, chains, due
from persistence import news, people
from persistence.engine import Engine
from persistence.money_at_risk import everything
from persistence.reminder_tables import reminders
from ports.clock import Clock
from ports.measures import UNMEASURED, Measures
from ports.reminders import Reminders

log = logging.getLogger("lockstep.reminders")
_TURN = text("select pg_advisory_xact_lock(hashtext('lockstep reminders'))")
_SIGNATURES = text("select id, reminders, approval from refunds where id = any(:refunds)")
_TOLD = text("select * from reminders where thing = any(:things) order by thing, since, level, skipped = '', person")


class PostgresReminders(Reminders):
    """`limits_of`: for causes of cases, or what else is open (`about`), that have a time of their own."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        limits: Limits,
        limits_of: Mapping[str, TimeLimit],
        measures: Measures = UNMEASURED,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._limits_of = limits_of
        self._measures = measures

    async def look(self) -> int:
        async with self._engine.begin() as db:
            await db.execute(_TURN)
            written = await self._write_what_is_due(db)
        for about, level, skipped in written:
            if not skipped:
                self._measures.reminded(about)
                log.info("told level %d of an open %s", level, about)
        return sum(not skipped for _, _, skipped in written)

    async def _write_what_is_due(self, db: AsyncConnection) -> list[tuple[str, int, str]]:
        now = self._clock.now()
        is_open = await everything(db, self._limits, now - self._shortest)
        watched = [each for each in is_open if self._may_be_due(each, now)]
        if not watched:
            return []
        before = await told(db, {each.id: each.since for each in watched})
        staff, places = await people.read_staff(db), await people.places(db)
        found: list[tuple[str, int, str]] = []
        for thing in watched:
            shop, _, _ = (thing.order_id or "").rpartition("/")
            place = places.get(shop)  # none for what belongs to no order
            calendar, entity_id = (place.calendar, place.entity_id) if place else (USUAL_WEEK, None)
            rhythm = Rhythm(self._limits.reminded_again, self._limit_of(thing), calendar)
            levels = {each.level for each in before.get(thing.id, ())}
            now_due = due(thing, chains(thing, staff, entity_id), rhythm, levels, now)
            new = [each for each in now_due if await _written(db, thing, each)]
            found += [(thing.cause or thing.about, each.level, each.skipped) for each in new]
        return found

    @property
    def _shortest(self) -> timedelta:
        """No refund's stage is told of earlier after its request."""
        own = (each.lasts for each in self._limits_of.values())
        return min(
            self._limits.case_decision, self._limits.return_received_within, self._limits.refund_unclear_after, *own
        )

    def _limit_of(self, thing: OpenThing) -> TimeLimit | None:
        return self._limits_of.get(thing.cause or thing.about)

    def _may_be_due(self, thing: OpenThing, now: datetime) -> bool:
        is_late = thing.due_at is None or thing.due_at <= now
        return thing.since is not None and (is_late or self._limit_of(thing) is not None)


async def _written(db: AsyncConnection, thing: OpenThing, reminder: Reminder) -> bool:
    """False when somebody else has written it."""
    row = {
        "thing": thing.id,
        "since": thing.since,
        "about": thing.about,
        "owner": thing.owner,
        "order_id": thing.order_id,
        "refund_id": thing.refund_id,
        **vars(reminder),
    }
    written = await db.execute(insert(reminders).on_conflict_do_nothing().returning(reminders.c.thing), row)
    if written.first() is None:  # an INSERT has no row count here
        return False
    if reminder.person and not reminder.skipped:
        event = f"{thing.id}/reminder/{reminder.level}/{thing.since}"
        where = (thing.order_id, thing.refund_id, thing.amount)
        await news.write(db, (News(Topic.REMINDER, event, Audience.STAFF, reminder.person, *where),), reminder.at)
    return True


async def told(db: AsyncConnection, since: Mapping[str, datetime | None]) -> dict[str, tuple[Reminder, ...]]:
    """Who was told of each thing since that time; None for a thing whose clock begins only once, as a case's does."""
    found: dict[str, tuple[Reminder, ...]] = {}
    for row in await db.execute(_TOLD, {"things": list(since)}):
        if since[row.thing] in (None, row.since):
            found[row.thing] = (*found.get(row.thing, ()), Reminder(row.level, row.person, row.at, row.skipped))
    return found


async def told_of(db: AsyncConnection, things: Iterable[OpenThing]) -> dict[str, tuple[Reminder, ...]]:
    """Who was told of what is open now, also of signatures, which their refund knows."""
    things = tuple(things)
    found = await told(db, {each.id: each.since for each in things})
    tasks = {each.id: each.refund_id for each in things if each.about == "approval" and each.since is None}
    if tasks:
        read = datetime.fromisoformat
        for row in await db.execute(_SIGNATURES, {"refunds": list(set(tasks.values()))}):
            began = {each["task_id"]: each["opened_at"] for each in row.approval["tasks"]}
            for each in row.reminders:
                name, at, since = f"{row.id}/{each['task_id']}", read(each["at"]), began.get(each["task_id"])
                if name in tasks and since and at >= read(since):  # an earlier version had tasks of the same numbers
                    reminder = Reminder(each["level"], each["person"], at, each["skipped"])
                    found[name] = (*found.get(name, ()), reminder)
    return found
