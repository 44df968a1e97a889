"""Caps on outgoing money: what each covers, when its window begins, and which one is reached first."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.caps import Cap, Leaving, Loosening, Per, checked, confirmed, loosens, reached, waiting_in_words
from domain.errors import BrakeRefused, SecondPersonNeeded
from domain.money import Money
from tests.builders import NOON, yuan

DAILY = Cap("daily", Per.DAY, yuan("100.00"))
LEAVING = Leaving(yuan("30.00"), "refunds", "alipay")


@pytest.mark.parametrize(
    ("cap", "covered"),
    [
        (DAILY, True),
        (replace(DAILY, provider="alipay"), True),
        (replace(DAILY, provider="wechatpay"), False),
        (replace(DAILY, policy="refunds"), True),
        (replace(DAILY, policy="goodwill"), False),
        (replace(DAILY, policy="refunds", provider="wechatpay"), False),
        (replace(DAILY, amount=Money(1, "USD")), False),
    ],
)
def test_what_a_cap_covers(cap: Cap, covered: bool) -> None:  # noqa: FBT001 - a column of the table
    assert cap.covers(LEAVING) is covered


def test_what_nobody_approved_by_a_policy_is_covered_by_caps_for_all_only() -> None:
    nobody = replace(LEAVING, policy=None)
    assert (DAILY.covers(nobody), replace(DAILY, policy="refunds").covers(nobody)) == (True, False)


@pytest.mark.parametrize(
    ("per", "zone", "begins", "ends"),
    [
        (Per.DAY, "Asia/Shanghai", "2026-11-22T16:00", "2026-11-23T16:00"),
        (Per.DAY, "UTC", "2026-11-23T00:00", "2026-11-24T00:00"),
        (Per.HOUR, "Asia/Shanghai", "2026-11-23T03:00", "2026-11-23T04:00"),
        (Per.HOUR, "Asia/Kolkata", "2026-11-23T03:30", "2026-11-23T04:30"),
    ],
)
def test_a_day_begins_at_midnight_there_and_an_hour_with_the_clock(per: Per, zone: str, begins: str, ends: str) -> None:
    found = replace(DAILY, per=per, zone=zone).window(datetime(2026, 11, 23, 3, 59, tzinfo=UTC))
    assert [f"{each.astimezone(UTC):%Y-%m-%dT%H:%M}" for each in found] == [begins, ends]


@pytest.mark.parametrize(
    ("gone", "name"),
    [
        ((0, 0), None),
        ((7000, 0), None),
        ((7001, 0), "daily"),
        ((0, 2001), "hourly"),
        ((7001, 2001), "daily"),
    ],
)
def test_up_to_the_cap_and_not_a_fen_more(gone: tuple[int, int], name: str | None) -> None:
    hourly = Cap("hourly", Per.HOUR, yuan("50.00"))
    over = reached((DAILY, hourly), LEAVING, dict(zip(("daily", "hourly"), gone, strict=True)))
    assert (over.name if over else None) == name


@pytest.mark.parametrize(
    ("cap", "why"),
    [
        (replace(DAILY, name="Day!"), "small letters"),
        (replace(DAILY, name=""), "small letters"),
        (replace(DAILY, amount=yuan("0")), "more than nothing"),
        (replace(DAILY, zone="Mars/Base"), "no time zone"),
    ],
)
def test_a_cap_that_would_mean_nothing_is_refused(cap: Cap, why: str) -> None:
    assert checked(DAILY) is DAILY
    with pytest.raises(BrakeRefused, match=why):
        checked(cap)


def test_the_case_says_which_cap_how_much_and_what_lets_it_go() -> None:
    cap = replace(DAILY, provider="alipay", policy="refunds")
    assert waiting_in_words(cap, yuan("90.00"), 3, yuan("40.00"), NOON) == (
        "daily: 100.00 CNY a day by alipay under the policy refunds; 3 refunds wait with 90.00 CNY,"
        " from 2026-11-23 00:00 CST on, or at once when the cap is raised"
    )
    assert waiting_in_words(DAILY, yuan("120.00"), 1, yuan("120.00"), NOON).endswith(
        "; 120.00 CNY is more than the cap itself: only a raise lets it go"
    )


@pytest.mark.parametrize(
    ("to", "is_looser"),
    [
        (DAILY, False),
        (replace(DAILY, amount=yuan("99.99")), False),
        (replace(DAILY, amount=yuan("100.01")), True),
        (replace(DAILY, amount=Money(1, "USD")), True),
        (replace(DAILY, amount=yuan("1.00"), per=Per.HOUR), True),
        (replace(DAILY, amount=yuan("1.00"), provider="alipay"), True),
        (replace(DAILY, amount=yuan("1.00"), policy="goodwill"), True),
        (replace(DAILY, zone="Europe/Berlin"), True),
        (None, True),
    ],
)
def test_what_lets_more_leave_than_before(to: Cap | None, is_looser: bool) -> None:  # noqa: FBT001 - a column of the table
    assert loosens(DAILY, to) is is_looser
    assert confirmed(DAILY, None, to, "fang") is not is_looser


def test_two_people_let_more_leave_by_saying_the_same() -> None:
    more, other = replace(DAILY, amount=yuan("500.00")), replace(DAILY, amount=yuan("600.00"))
    asked = Loosening(more, "fang", NOON)
    assert confirmed(DAILY, asked, more, "boss")
    assert not confirmed(DAILY, asked, other, "boss"), "another sum is another question"
    assert not confirmed(DAILY, asked, None, "boss")
    assert confirmed(DAILY, Loosening(None, "fang", NOON), None, "boss")
    with pytest.raises(SecondPersonNeeded, match="fang asked for it"):
        confirmed(DAILY, asked, more, "fang")
