"""When a time limit runs out, as a table. Times are local to the calendar's zone; 2026-11-20 is a Friday."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar, Shift, TimeKind, TimeLimit, due, reminder_times
from domain.errors import InvalidCalendar

OFFICE = Calendar()
LUNCH = Calendar(shifts=(Shift(time(9), time(12)), Shift(time(13), time(18))))
NATIONAL_DAY = Calendar(
    holidays=tuple(date(2026, 10, day) for day in range(1, 8)),
    make_up_days=(date(2026, 10, 10),),  # a Saturday
)
NIGHT = Calendar(weekdays=tuple(range(7)), shifts=(Shift(time(0), time(6)), Shift(time(22), time(0))))
BERLIN = Calendar(zone="Europe/Berlin", weekdays=tuple(range(7)), shifts=(Shift(time(0), time(6)),))
NEW_YORK = Calendar(zone="America/New_York")

TABLE = [
    # within one day, and to the very end of it
    (OFFICE, "2026-11-20 09:00", 4, "2026-11-20 13:00"),
    (OFFICE, "2026-11-20 09:00", 9, "2026-11-20 18:00"),
    (OFFICE, "2026-11-20 06:30", 1, "2026-11-20 10:00"),
    (OFFICE, "2026-11-20 17:59", 0.5, "2026-11-23 09:29"),
    # evenings and weekends do not count
    (OFFICE, "2026-11-20 18:00", 1, "2026-11-23 10:00"),
    (OFFICE, "2026-11-20 22:00", 1, "2026-11-23 10:00"),
    (OFFICE, "2026-11-21 12:00", 1, "2026-11-23 10:00"),
    (OFFICE, "2026-11-20 16:00", 3, "2026-11-23 10:00"),
    (OFFICE, "2026-11-16 09:00", 24, "2026-11-18 15:00"),
    # lunch does not count
    (LUNCH, "2026-11-20 11:00", 2, "2026-11-20 14:00"),
    (LUNCH, "2026-11-20 11:00", 1, "2026-11-20 12:00"),
    (LUNCH, "2026-11-20 12:30", 1, "2026-11-20 14:00"),
    (LUNCH, "2026-11-20 17:30", 1, "2026-11-23 09:30"),
    # holidays, and the Saturday that makes up for one
    (NATIONAL_DAY, "2026-09-30 17:00", 2, "2026-10-08 10:00"),
    (NATIONAL_DAY, "2026-10-03 12:00", 1, "2026-10-08 10:00"),
    (NATIONAL_DAY, "2026-10-09 17:00", 2, "2026-10-10 10:00"),
    (NATIONAL_DAY, "2026-10-10 17:00", 2, "2026-10-12 10:00"),
    # a night in two shifts
    (NIGHT, "2026-11-20 23:00", 2, "2026-11-21 01:00"),
    (NIGHT, "2026-11-20 05:00", 2, "2026-11-20 23:00"),
    (NIGHT, "2026-11-20 23:00", 1, "2026-11-21 00:00"),
    # clocks go forward on 2026-03-29 (02:00 -> 03:00) and back on 2026-10-25 (03:00 -> 02:00): real hours count
    (BERLIN, "2026-03-29 00:00", 4, "2026-03-29 05:00"),
    (BERLIN, "2026-10-25 00:00", 4, "2026-10-25 03:00"),
    # the entity's own zone
    (NEW_YORK, "2026-11-20 17:00", 2, "2026-11-23 10:00"),
]


@pytest.mark.parametrize(("calendar", "since", "hours", "expected"), TABLE)
def test_working_hours_of_the_entity_s_zone_count(calendar: Calendar, since: str, hours: float, expected: str) -> None:
    limit = TimeLimit(timedelta(hours=hours), TimeKind.WORKING)
    found = due(local(calendar, since), limit, calendar)
    assert f"{found.astimezone(ZoneInfo(calendar.zone)):%Y-%m-%d %H:%M}" == expected
    assert found.tzinfo is UTC


def test_the_wall_clock_knows_no_weekend_and_no_change_of_clocks() -> None:
    saturday = local(BERLIN, "2026-03-28 12:00")
    assert due(saturday, TimeLimit(), BERLIN) - saturday.astimezone(UTC) == timedelta(hours=24)


def test_a_later_start_is_never_due_earlier_and_only_working_time_passes() -> None:
    limit = TimeLimit(timedelta(hours=5), TimeKind.WORKING)
    starts = [local(LUNCH, "2026-11-19 00:00") + timedelta(minutes=37 * step) for step in range(300)]
    found = [due(start, limit, LUNCH) for start in starts]
    assert found == sorted(found)
    for moment in found:
        here = moment.astimezone(ZoneInfo(LUNCH.zone))
        assert LUNCH.works_on(here.date())
        assert any(shift.begins < here.time() <= shift.ends for shift in LUNCH.shifts)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Asia/Nowhere"}, "no time zone 'Asia/Nowhere'"),
        ({"zone": "../etc"}, "no time zone"),
        ({"zone": ""}, "no time zone"),
        ({"weekdays": ()}, "at least one weekday"),
        ({"weekdays": (7,)}, "at least one weekday"),
        ({"shifts": ()}, "at least one shift"),
        ({"shifts": (Shift(time(9), time(9)),)}, "09:00 ends before it begins"),
        ({"shifts": (Shift(time(22), time(6)),)}, "write a night as two"),
        ({"shifts": (Shift(time(9), time(12)), Shift(time(11), time(18)))}, "do not overlap"),
        ({"shifts": (Shift(time(13), time(18)), Shift(time(9), time(12)))}, "do not overlap"),
        ({"shifts": (Shift(time(22), time(0)), Shift(time(0), time(6)))}, "do not overlap"),
        ({"holidays": (date(2026, 10, 1),), "make_up_days": (date(2026, 10, 1),)}, "2026-10-01 is named as a holiday"),
    ],
)
def test_a_calendar_in_which_nobody_could_work_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidCalendar, match=said):
        Calendar(**wrong)


@pytest.mark.parametrize("hours", [0, -1])
def test_a_limit_lasts(hours: int) -> None:
    with pytest.raises(InvalidCalendar, match="longer than nothing"):
        TimeLimit(timedelta(hours=hours))


DAY = TimeLimit()
START = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("levels", "deadline", "hours"),
    [
        (3, None, [24, 48, 72]),
        (3, 72, [24, 48, 72]),
        (3, 71.9, [23.966, 47.933, 71.9]),
        (3, 6, [2, 4, 6]),
        (1, 6, [6]),
        (2, 0, [0, 0]),
        (2, -3, [0, 0]),
        (0, 6, []),
    ],
)
def test_levels_share_the_time_before_somebody_else_s_deadline(
    levels: int, deadline: float | None, hours: list[float]
) -> None:
    no_later_than = None if deadline is None else START + timedelta(hours=deadline)
    times = reminder_times(START, DAY, levels, OFFICE, no_later_than=no_later_than)
    assert [(each - START) / timedelta(hours=1) for each in times] == pytest.approx(hours, abs=0.001)


def test_levels_by_working_hours_follow_each_other() -> None:
    times = reminder_times(
        local(OFFICE, "2026-11-20 16:00"), TimeLimit(timedelta(hours=4), TimeKind.WORKING), 3, OFFICE
    )
    here = [f"{each.astimezone(ZoneInfo(OFFICE.zone)):%m-%d %H:%M}" for each in times]
    assert here == ["11-23 11:00", "11-23 15:00", "11-24 10:00"]


def local(calendar: Calendar, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone))
