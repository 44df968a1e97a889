"""Who is told of what stays open, level by level, to the second; and why somebody is left out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar import Calendar, TimeKind, TimeLimit
from domain.money_at_risk import PROGRAM, OpenThing
from domain.people import FINANCE_MANAGER, Person, Post, Staff
from domain.reminders import Reminder, Rhythm, chains, due, in_words

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY, SECOND, HOUR = timedelta(days=1), timedelta(seconds=1), timedelta(hours=1)
DAILY = Rhythm(again=DAY)
CASE = OpenThing("case", "case-1", "shop/tea/1", None, "look", "finance", NOON + DAY, None, NOON, cause="refund_due")
BOSS = Person("boss", "Boss")
FANG = Person("fang", "Fang", superior="boss")
WANG = Person("wang", "Wang", (Post("finance"),), superior="fang")
THREE = Staff((BOSS, FANG, WANG))
FIRST_LEFT_OUT = "fang is the applicant: nobody decides his own request"


def told(after: timedelta, *before: int, staff: Staff = THREE, **changed: object) -> list[tuple[int, str, str]]:
    thing = replace(CASE, **changed)  # type: ignore[arg-type]  # the fields that a test names
    found = due(thing, chains(thing, staff, "teahouse"), DAILY, before, NOON + after)
    assert all(each.at == NOON + after for each in found)
    return [(each.level, each.person, each.skipped) for each in found]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (DAY - SECOND, (), []),
        (DAY, (), [(1, "fang", "")]),
        (DAY, (1,), []),
        (2 * DAY - SECOND, (1,), []),
        (2 * DAY, (1,), [(2, "boss", "")]),
        (3 * DAY - SECOND, (1, 2), []),
        (3 * DAY, (1, 2), [(3, "boss", "")]),
        (4 * DAY, (1, 2, 3), [(4, "boss", "")]),
        (40 * DAY, tuple(range(1, 40)), [(40, "boss", "")]),
        (40 * DAY + HOUR, tuple(range(1, 41)), []),
    ],
)
def test_each_level_is_told_once_and_the_last_one_each_day(
    after: timedelta, before: tuple[int, ...], expected: list[tuple[int, str, str]]
) -> None:
    assert told(after, *before) == expected


def test_after_a_long_silence_each_level_is_told_and_of_the_days_behind_only_the_last() -> None:
    assert told(9 * DAY) == [(1, "fang", ""), (2, "boss", ""), (9, "boss", "")]
    assert told(9 * DAY, 1, 2, 9) == []


def test_a_sole_superior_who_is_the_applicant_is_skipped_with_the_reason_and_the_owner_is_told() -> None:
    staff = Staff((replace(FANG, superior=None), WANG))
    assert told(DAY, staff=staff, applicant="fang") == [(1, "fang", FIRST_LEFT_OUT), (1, "wang", "")]
    assert told(2 * DAY, 1, staff=staff, applicant="fang") == [(2, "wang", "")]


def test_a_superior_who_is_the_applicant_or_has_left_is_passed_over_for_the_next_one() -> None:
    assert told(DAY, applicant="fang") == [(1, "fang", FIRST_LEFT_OUT), (1, "boss", "")]
    left = Staff((BOSS, replace(FANG, active=False), WANG))
    assert told(DAY, staff=left) == [(1, "fang", "fang does not work here any more"), (1, "boss", "")]


def test_the_superiors_of_all_who_hold_the_role_are_told_each_once() -> None:
    yang = Person("yang", "Yang", (Post("finance"),), superior="boss")
    ling = Person("ling", "Ling", (Post("finance"),), superior="fang")
    staff = Staff((BOSS, FANG, WANG, yang, ling))
    assert told(DAY, staff=staff) == [(1, "fang", ""), (1, "boss", "")]
    assert told(2 * DAY, 1, staff=staff) == [(2, "boss", "")]


def test_where_nobody_holds_the_role_its_head_is_told_first_and_his_superiors_then() -> None:
    staff = Staff((BOSS, replace(FANG, posts=(Post(FINANCE_MANAGER),))))
    assert told(2 * DAY, staff=staff) == [(1, "fang", ""), (2, "boss", "")]
    assert told(DAY, staff=staff, applicant="fang") == [(1, "fang", FIRST_LEFT_OUT), (1, "boss", "")]


def test_where_nobody_is_there_at_all_that_is_said_each_day_until_somebody_is() -> None:
    nobody = [(1, "", "nobody is there to be told of what warehouse owns")]
    assert told(DAY, owner="warehouse") == nobody
    assert told(2 * DAY, 1, owner="warehouse") == [(2, *nobody[0][1:])]
    hired = Staff((BOSS, Person("chen", "Chen", (Post("warehouse"),), superior="boss")))
    assert told(3 * DAY, 1, 2, owner="warehouse", staff=hired) == [(3, "boss", "")]


def test_a_post_in_another_entity_owns_nothing_here_but_what_belongs_to_no_shop_is_everybodys() -> None:
    staff = Staff((BOSS, replace(WANG, posts=(Post("finance", "hardware"),), superior="boss")))
    assert chains(CASE, staff, "teahouse") == ()
    assert [turn.person for (turn,) in chains(CASE, staff, None)] == ["boss"]


def test_what_the_program_goes_on_with_is_told_to_those_above_operations() -> None:
    staff = Staff((BOSS, Person("ops", "Ops", (Post("operations"),), superior="boss")))
    assert told(DAY, staff=staff, owner=PROGRAM) == [(1, "boss", "")]


def test_what_somebody_else_minds_has_no_clock_here() -> None:
    assert told(9 * DAY, since=None) == []


def test_a_thing_with_less_time_is_told_of_in_that_time_at_each_level() -> None:
    short = NOON + 4 * HOUR
    assert told(4 * HOUR - SECOND, due_at=short) == []
    assert told(4 * HOUR, due_at=short) == [(1, "fang", "")]
    assert told(8 * HOUR, 1, due_at=short) == [(2, "boss", "")]
    assert told(8 * HOUR + DAY, 1, 2, due_at=short) == [(3, "boss", "")]


def test_a_thing_with_more_time_is_told_of_when_it_is_up_and_then_each_day() -> None:
    long = NOON + 5 * DAY
    assert told(5 * DAY - SECOND, due_at=long) == []
    assert told(6 * DAY, due_at=long) == [(1, "fang", ""), (2, "boss", "")]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 1, 5, 2, 59, 59, tzinfo=UTC), []),  # Monday, 10:59:59 in Shanghai
        (datetime(2026, 1, 5, 3, tzinfo=UTC), ["fang"]),
        (datetime(2026, 1, 5, 7, tzinfo=UTC), ["fang", "boss"]),
    ],
)
def test_working_hours_stop_at_night_at_weekends_and_on_holidays(at: datetime, expected: list[str]) -> None:
    calendar = Calendar(holidays=(date(2026, 1, 2),))
    four_hours = Rhythm(DAY, TimeLimit(4 * HOUR, TimeKind.WORKING), calendar)
    since = datetime(2026, 1, 1, 8, tzinfo=UTC)  # Thursday, 16:00: two hours are left of it
    thing = replace(CASE, since=since, due_at=since + DAY)
    found = due(thing, chains(thing, THREE, "teahouse"), four_hours, (), at)
    assert [each.person for each in found] == expected


def test_a_column_says_who_was_told_when_and_who_was_not() -> None:
    skipped = Reminder(1, "fang", NOON, "fang is away")
    assert in_words((skipped, Reminder(1, "boss", NOON))) == "fang is away; boss at 01-01 12:00"
