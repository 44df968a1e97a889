"""Reminders of what stays open, out of the record alone: nobody's workflow has to be there for them.

Two senders may look at once, while one is taken for dead: they take turns, and the table takes each level once.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
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


Due = tuple[OpenThing, Reminder]


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
            written = await _write(db, await self._due(db, self._clock.now()))
        heard = [(thing, reminder) for thing, reminder in written if not reminder.skipped]
        for thing, reminder in heard:
            self._measures.reminded(thing.cause or thing.about)
            log.info("told level %d of an open %s", reminder.level, thing.cause or thing.about)
        return len(heard)

    async def _due(self, db: AsyncConnection, now: datetime) -> list[Due]:
        is_open = await everything(db, self._limits, now - self._shortest)
        watched = [each for each in is_open if self._may_be_due(each, now)]
        if not watched:
            return []
        before = await told(db, {each.id: each.since for each in watched})
        staff, places = await people.read_staff(db), await people.places(db)
        found: list[Due] = []
        for thing in watched:
            shop, _, _ = (thing.order_id or "").rpartition("/")
            place = places.get(shop)  # none for what belongs to no order
            calendar, entity_id = (place.calendar, place.entity_id) if place else (USUAL_WEEK, None)
            rhythm = Rhythm(self._limits.reminded_again, self._limit_of(thing), calendar)
            levels = {each.level for each in before.get(thing.id, ())}
            found += [(thing, each) for each in due(thing, chains(thing, staff, entity_id), rhythm, levels, now)]
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


async def _write(db: AsyncConnection, found: Sequence[Due]) -> list[Due]:
    """With a message to each who is told. Those that nobody else had written."""
    if not found:
        return []
    key = (reminders.c.thing, reminders.c.since, reminders.c.level, reminders.c.person)
    statement = insert(reminders).on_conflict_do_nothing().returning(*key)
    mine = {tuple(row) for row in await db.execute(statement, [_row(*each) for each in found])}
    new = [(thing, each) for thing, each in found if (thing.id, thing.since, each.level, each.person) in mine]
    heard = [(thing, each) for thing, each in new if each.person and not each.skipped]
    if heard:
        await news.write(db, [_news(*each) for each in heard], heard[0][1].at)
    return new


def _row(thing: OpenThing, reminder: Reminder) -> dict[str, object]:
    return {
        "thing": thing.id,
        "since": thing.since,
        "about": thing.about,
        "owner": thing.owner,
        "order_id": thing.order_id,
        "refund_id": thing.refund_id,
        **vars(reminder),
    }


def _news(thing: OpenThing, reminder: Reminder) -> News:
    event = f"{thing.id}/reminder/{reminder.level}/{thing.since}"
    where = (thing.order_id, thing.refund_id, thing.amount)
    return News(Topic.REMINDER, event, Audience.STAFF, reminder.person, *where)


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
