"""When news leaves: customers are told by day, the staff once for each window."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.errors import InvalidCalendar
from domain.news import Audience, News, Topic
from domain.news_times import NewsTimes
from domain.news_words import as_message
from tests.builders import yuan

SHANGHAI = 8
SECOND = timedelta(seconds=1)


def at(clock: str) -> datetime:
    """So late in Shanghai."""
    hour, minute, second = map(int, clock.split(":"))
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC) - timedelta(hours=SHANGHAI)


@pytest.mark.parametrize(
    ("begins", "ends", "clock", "quiet"),
    [
        ("22:00", "08:00", "21:59:59", False),
        ("22:00", "08:00", "22:00:00", True),
        ("22:00", "08:00", "03:00:00", True),
        ("22:00", "08:00", "07:59:59", True),
        ("22:00", "08:00", "08:00:00", False),
        ("12:00", "14:00", "11:59:59", False),
        ("12:00", "14:00", "13:00:00", True),
        ("12:00", "14:00", "14:00:00", False),
        ("00:00", "00:00", "03:00:00", False),
        ("22:00", "00:00", "23:59:59", True),
        ("22:00", "00:00", "00:00:00", False),
    ],
)
def test_customers_are_left_in_peace_at_night_and_the_staff_is_not(
    begins: str, ends: str, clock: str, *, quiet: bool
) -> None:
    times = NewsTimes(time.fromisoformat(begins), time.fromisoformat(ends), digest=timedelta())
    assert times.leaves(Audience.CUSTOMER, at(clock)) == (None if quiet else at(clock))
    assert times.leaves(Audience.STAFF, at(clock)) == at(clock)


@pytest.mark.parametrize(
    ("clock", "by"),
    [
        ("12:00:00", "12:00:00"),
        ("12:09:59", "12:00:00"),
        ("12:10:00", "12:10:00"),
        ("12:19:59", "12:10:00"),
    ],
)
def test_the_staff_hears_of_a_window_when_it_is_over(clock: str, by: str) -> None:
    assert NewsTimes().leaves(Audience.STAFF, at(clock)) == at(by)


def test_the_night_is_that_of_the_zone() -> None:
    noon_in_shanghai = at("12:00:00")
    assert NewsTimes(zone="America/New_York").is_quiet(noon_in_shanghai)
    assert not NewsTimes().is_quiet(noon_in_shanghai)


def test_a_zone_or_a_window_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidCalendar, match="no time zone 'Moon/Base'"):
        NewsTimes(zone="Moon/Base")
    with pytest.raises(InvalidCalendar, match="shorter than nothing"):
        NewsTimes(digest=-SECOND)


def test_a_digest_names_the_first_ones_and_counts_the_rest() -> None:
    def piece(number: int) -> News:
        return News(Topic.TO_SIGN, f"e{number}", Audience.STAFF, "lin", f"shop/tea/{number}", "r", yuan("12.00"))

    assert as_message([piece(1)]) == "待审批 waits for your decision: 1, 12.00 CNY"
    lines = as_message([piece(number) for number in range(1, 13)]).split("\n")
    assert (lines[0], lines[1], lines[-1]) == (
        "12 条消息 messages",
        "待审批 waits for your decision: 1, 12.00 CNY",
        "+ 2",
    )
    assert len(lines) == 12
