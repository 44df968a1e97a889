"""The watch over what stays open, on a real record: to the second, once, and only while it is open."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.approval import Mode, StepPlan, start
from domain.calendar import TimeKind, TimeLimit
from domain.case import CaseDecision, Cause, Choice, NewCase
from domain.limits import Limits
from domain.people import Person, Post
from persistence import cases
from persistence.case_list import find_case
from persistence.people import save_people
from persistence.refund_tables import refunds
from persistence.reminders import PostgresReminders
from ports.clock import FixedClock
from ports.refunds import ApprovalMoved
from tests.builders import NOON, ORDER_ID
from tests.cli.conftest import CommandLine
from tests.persistence.test_refunds import Desk

pytestmark = pytest.mark.slow

DAY, SECOND, HOUR = timedelta(days=1), timedelta(seconds=1), timedelta(hours=1)
STAFF = (
    Person("boss", "Boss"),
    Person("fang", "Fang", superior="boss"),
    Person("wang", "Wang", (Post("finance"), Post("warehouse", "teahouse")), superior="fang"),
)


class Watched:
    """A record with people, and one who looks at it at moments that a test chooses."""

    def __init__(self, record: AsyncEngine, limits_of: dict[str, TimeLimit] | None = None) -> None:
        self.record = record
        self.clock = FixedClock(NOON)
        self.limits_of = limits_of or {}

    async def look(self, after: timedelta) -> int:
        """As a worker that was just started does it."""
        self.clock.time = NOON + after
        return await PostgresReminders(self.record, self.clock, Limits(), self.limits_of).look()

    async def open(self, cause: Cause, order_id: str | None = None) -> str:
        async with self.record.begin() as db:
            await cases.open_case(db, order_id, NewCase(cause, "x", "about x"), now=NOON, limit=DAY)
            return str((await db.execute(text("select id from cases where cause = :c"), {"c": cause})).scalar_one())

    async def decide(self, case_id: str) -> None:
        async with self.record.begin() as db:
            await cases.settle(db, CaseDecision(case_id, Choice.CLOSE, "wang", "seen to"), self.clock.now())

    async def told(self) -> list[tuple[object, ...]]:
        rows = text("select thing, level, person, at from reminders order by thing, level, person")
        async with self.record.connect() as db:
            return [(row.thing, row.level, row.person, row.at - NOON) for row in await db.execute(rows)]


@pytest.fixture
async def watched(record: AsyncEngine) -> Watched:
    async with record.begin() as db:
        await save_people(db, STAFF, "test", NOON, seen={})
    return Watched(record)


async def test_a_case_is_told_of_at_24_hours_level_by_level_until_it_is_decided(watched: Watched) -> None:
    case_id = await watched.open(Cause.UNKNOWN_TRADE)
    assert await watched.look(DAY - SECOND) == 0
    assert [await watched.look(after) for after in (DAY, DAY + SECOND, 2 * DAY - SECOND)] == [1, 0, 0]
    assert [await watched.look(after) for after in (2 * DAY, 3 * DAY, 3 * DAY + SECOND)] == [1, 1, 0]
    assert await watched.told() == [
        (case_id, 1, "fang", DAY),
        (case_id, 2, "boss", 2 * DAY),
        (case_id, 3, "boss", 3 * DAY),
    ]
    await watched.decide(case_id)
    assert await watched.look(30 * DAY) == 0
    async with watched.record.connect() as db:
        messages = await db.execute(text("select recipient, written_at from news order by written_at"))
        assert [(row.recipient, row.written_at - NOON) for row in messages] == [
            ("fang", DAY),
            ("boss", 2 * DAY),
            ("boss", 3 * DAY),
        ], "each of them finds it among his messages"
    async with watched.record.connect() as db:
        case = await find_case(db, case_id)
    assert case is not None
    assert [(each.level, each.person) for each in case.reminders] == [(1, "fang"), (2, "boss"), (3, "boss")]


async def test_two_senders_at_once_write_one_reminder(watched: Watched) -> None:
    case_id = await watched.open(Cause.OUT_OF_STOCK, str(ORDER_ID))
    assert sorted(await asyncio.gather(*(watched.look(DAY) for _ in range(4)))) == [0, 0, 0, 1]
    assert await watched.told() == [(case_id, 1, "fang", DAY)]


async def test_a_case_that_is_opened_again_has_a_clock_of_its_own(watched: Watched) -> None:
    await watched.decide(await watched.open(Cause.UNKNOWN_TRADE))
    async with watched.record.begin() as db:
        case = NewCase(Cause.UNKNOWN_TRADE, "x", "about x again")
        await cases.open_case(db, None, case, now=NOON + HOUR, limit=DAY)
    assert [await watched.look(after) for after in (DAY, DAY + HOUR - SECOND, DAY + HOUR)] == [0, 0, 1]


async def test_a_cause_may_have_a_limit_of_its_own_by_working_hours(watched: Watched) -> None:
    watched.limits_of[Cause.UNKNOWN_TRADE] = TimeLimit(2 * HOUR)
    watched.limits_of[Cause.OUT_OF_STOCK] = TimeLimit(9 * HOUR, TimeKind.WORKING)
    quick = await watched.open(Cause.UNKNOWN_TRADE)
    slow = await watched.open(Cause.OUT_OF_STOCK, str(ORDER_ID))
    await watched.look(2 * HOUR)
    assert [each[0] for each in await watched.told()] == [quick]
    await watched.look(DAY * 7)
    assert (slow, 1, "fang", DAY * 7) in await watched.told()


async def test_a_refunds_stages_are_told_of_but_its_signatures_are_their_workflows(watched: Watched) -> None:
    desk = Desk(watched.record)
    await desk.delivered()
    view = await desk.open()
    assert view.amount is not None
    asked = start("shop tea", view.amount, (StepPlan("support", Mode.ANY, ("wang",)),), NOON)
    await desk.refunds.move_approval(ApprovalMoved("r1", ORDER_ID, "t", 1, asked, "workflow", "route"))
    assert await watched.look(3 * DAY) == 0
    async with watched.record.begin() as db:
        await db.execute(refunds.update().values(stage="stopping_goods", goods="to_stop"))
    assert [await watched.look(after) for after in (DAY - SECOND, DAY)] == [0, 1]
    assert await watched.told() == [("r1/stop", 1, "fang", DAY)]


async def test_the_list_and_the_cases_say_who_was_told_and_when(watched: Watched, record_url: str) -> None:
    await Desk(watched.record).delivered()
    await watched.open(Cause.OUT_OF_STOCK, str(ORDER_ID))
    await watched.look(DAY)
    lockstep = CommandLine({"DATABASE_URL": record_url})
    (thing,) = (await lockstep.data("risk"))["things"]
    (case,) = (await lockstep.data("cases"))["cases"]
    for told in (thing["reminders"], case["reminders"]):
        assert [(each["level"], each["person"], each["skipped"]) for each in told] == [(1, "fang", "")]
    for command in ("risk", "cases"):
        assert f"fang at {NOON + DAY:%m-%d %H:%M}" in (await lockstep(command)).out
