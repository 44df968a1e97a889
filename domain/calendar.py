"""When a time limit runs out: by the wall clock, or by the hours that an entity works, in its own zone.

Times come in aware and go out in UTC. A working day is cut into shifts, such as 9 to 12 and 13 to 18.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import InvalidCalendar

MIDNIGHT = time(0)
_DAY = timedelta(days=1)


class TimeKind(StrEnum):
    WALL = "wall"
    WORKING = "working"


@dataclass(frozen=True)
class TimeLimit:
    """So much time, told by the wall clock or by working hours."""

    lasts: timedelta = _DAY
    kind: TimeKind = TimeKind.WALL

    def __post_init__(self) -> None:
        if self.lasts <= timedelta():
            raise InvalidCalendar("a time limit must be longer than nothing")

    def __str__(self) -> str:
        hours = f"{self.lasts / timedelta(hours=1):g} h"
        return hours if self.kind is TimeKind.WALL else f"{hours} of work"


A_DAY = TimeLimit()


@dataclass(frozen=True)
class Shift:
    """Local times. An end at 00:00 is the day's end; a night is written as two shifts."""

    begins: time
    ends: time


@dataclass(frozen=True)
class Calendar:
    """`weekdays`: 0 is Monday. `make_up_days` (调休) are worked although their weekday is free; a holiday never is."""

    zone: str = "Asia/Shanghai"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    shifts: tuple[Shift, ...] = (Shift(time(9), time(18)),)
    holidays: tuple[date, ...] = ()
    make_up_days: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidCalendar, so that every calendar has an hour in which somebody works."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidCalendar(f"there is no time zone {self.zone!r}: write one such as Asia/Shanghai") from None
        if not self.weekdays or not set(self.weekdays) <= set(range(7)):
            raise InvalidCalendar("name at least one weekday, from 0 (Monday) to 6")
        if not self.shifts:
            raise InvalidCalendar("name at least one shift")
        for shift in self.shifts:
            if shift.ends != MIDNIGHT and shift.ends <= shift.begins:
                raise InvalidCalendar(
                    f"the shift from {shift.begins:%H:%M} ends before it begins: write a night as two"
                )
        for earlier, later in pairwise(self.shifts):
            if earlier.ends == MIDNIGHT or later.begins < earlier.ends:
                raise InvalidCalendar("shifts stand in the order of the day and do not overlap")
        if both := set(self.holidays) & set(self.make_up_days):
            raise InvalidCalendar(f"{min(both)} is named as a holiday and as a day to make up for one")

    def works_on(self, day: date) -> bool:
        return day not in self.holidays and (day.weekday() in self.weekdays or day in self.make_up_days)


USUAL_WEEK = Calendar()


def due(since: datetime, limit: TimeLimit, calendar: Calendar) -> datetime:
    """The moment at which the limit runs out. A limit that ends with a shift is due then, not the next morning."""
    if limit.kind is TimeKind.WALL:
        return since.astimezone(UTC) + limit.lasts
    left, now = limit.lasts, since.astimezone(UTC)
    for begins, ends in _working_times(calendar, now):
        now = max(now, begins)
        if now + left <= ends:
            return now + left
        left -= max(ends - now, timedelta())
        now = max(now, ends)
    raise AssertionError("the days never end")


def _working_times(calendar: Calendar, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the day of `since` on. Where clocks are changed, what counts is the time that really passes."""
    zone = ZoneInfo(calendar.zone)
    day = since.astimezone(zone).date()
    while True:
        if calendar.works_on(day):
            for shift in calendar.shifts:
                last_day = day + _DAY if shift.ends == MIDNIGHT else day
                yield _moment(day, shift.begins, zone), _moment(last_day, shift.ends, zone)
        day += _DAY


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def reminder_times(
    since: datetime, limit: TimeLimit, levels: int, calendar: Calendar, *, no_later_than: datetime | None = None
) -> tuple[datetime, ...]:
    """When each of so many levels is told, one limit after the other.

    `no_later_than` is somebody else's deadline, less our margin: where the levels would not fit, they share the time
    that is left evenly. Once it has passed, all are told at once.
    """
    times = []
    at = since.astimezone(UTC)
    for _ in range(levels):
        at = due(at, limit, calendar)
        times.append(at)
    if no_later_than is None or not times or times[-1] <= no_later_than:
        return tuple(times)
    left = max(no_later_than.astimezone(UTC) - since, timedelta())
    return tuple(since.astimezone(UTC) + left * level / levels for level in range(1, levels + 1))
