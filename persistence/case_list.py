"""Cases as people see them: found by what they are about, sorted by when they are due, page by page."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reminders import Reminder
from persistence import reminders
from persistence.tables import cases, orders

LARGEST_PAGE = 200


class State(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    ALL = "all"


@dataclass(frozen=True)
class CaseRow:
    """`waits`: the workflow of the order, or of the refund where there is one, stands still for it."""

    id: str
    order_id: str | None
    cause: str
    subject: str
    detail: str
    owner: str
    next_action: str
    choices: list[str]
    waits: bool
    attempts: int
    last_error: str | None
    opened_at: datetime
    due_at: datetime
    settled_at: datetime | None = None
    choice: str | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    refund_id: str | None = None
    reminders: tuple[Reminder, ...] = ()  # who was told that it is open, and when


@dataclass(frozen=True)
class Wanted:
    """Which cases; what is None does not matter. `due_before`: such as now, for those that are overdue."""

    state: State = State.OPEN
    cause: str | None = None
    owner: str | None = None
    order_id: str | None = None
    due_before: datetime | None = None


@dataclass(frozen=True)
class Page:
    """`following` is the cursor of the next page; None on the last one."""

    cases: list[CaseRow]
    following: str | None


class UnreadableCursor(Exception):
    """Not one that we gave."""


async def find_case(db: AsyncConnection, case_id: str) -> CaseRow | None:
    row = (await db.execute(select(cases).where(cases.c.id == case_id))).mappings().one_or_none()
    return None if row is None else (await with_reminders(db, [CaseRow(**row)]))[0]


async def list_cases(db: AsyncConnection, wanted: Wanted, limit: int, cursor: str | None = None) -> Page:
    """The cases due first. Raises UnreadableCursor."""
    query = _query(wanted)
    if cursor is not None:
        query = query.where(tuple_(cases.c.due_at, cases.c.id) > tuple_(*_read(cursor)))
    query = query.order_by(cases.c.due_at, cases.c.id).limit(limit + 1)
    found = [CaseRow(**row) for row in (await db.execute(query)).mappings()]
    more = len(found) > limit
    return Page(await with_reminders(db, found[:limit]), _cursor(found[limit - 1]) if more else None)


async def with_reminders(db: AsyncConnection, found: list[CaseRow]) -> list[CaseRow]:
    told = await reminders.told(db, {each.id: None for each in found})
    return [replace(each, reminders=told.get(each.id, ())) for each in found]


async def every_case(db: AsyncConnection, wanted: Wanted) -> AsyncIterator[CaseRow]:
    cursor: str | None = None
    while True:
        page = await list_cases(db, wanted, LARGEST_PAGE, cursor)
        for case in page.cases:
            yield case
        if page.following is None:
            return
        cursor = page.following


async def stage_of(db: AsyncConnection, order_id: str) -> str | None:
    stage: str | None = (await db.execute(select(orders.c.stage).where(orders.c.id == order_id))).scalar_one_or_none()
    return stage


def _query(wanted: Wanted) -> Select[tuple[object, ...]]:
    query = select(cases)
    if wanted.state is not State.ALL:
        is_open = cases.c.settled_at.is_(None)
        query = query.where(is_open if wanted.state is State.OPEN else ~is_open)
    for column, value in ((cases.c.cause, wanted.cause), (cases.c.owner, wanted.owner)):
        if value is not None:
            query = query.where(column == value)
    if wanted.order_id is not None:
        query = query.where(cases.c.order_id == wanted.order_id)
    if wanted.due_before is not None:
        query = query.where(cases.c.due_at < wanted.due_before)
    return query


def _cursor(last: CaseRow) -> str:
    return base64.urlsafe_b64encode(f"{last.due_at.isoformat()} {last.id}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        due_at, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        moment = datetime.fromisoformat(due_at)
    except ValueError:
        raise UnreadableCursor(cursor) from None
    if moment.tzinfo is None:
        raise UnreadableCursor(cursor)
    return moment, case_id
