"""What customers are promised, and the words it is said in: pure, no servers."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from string import Formatter
from typing import Any

import pytest

from api.progress import Concern, Milestone
from api.templates.page import words_for
from api.templates.refund_words import RefundWords
from api.templates.words import Words
from domain.order import Stage
from domain.promise import PROMISES, Actor, Basis, Span, expected, on_its_way, rest_of_the_way
from tests.builders import NOON

HOUR = timedelta(hours=1)
ON_THE_WAY = [stage for stage in Stage if on_its_way(stage)]
LANGUAGES = [words_for("zh", ""), words_for("en", "")]


def test_every_stage_has_its_promise_and_usual_is_never_later_than_latest() -> None:
    assert set(PROMISES) == set(Stage)
    assert all(promise.span.usual <= promise.span.latest for promise in PROMISES.values())


@pytest.mark.parametrize("stage", ON_THE_WAY)
def test_the_rest_of_the_way_gets_shorter(stage: Stage) -> None:
    follows = PROMISES[stage].follows
    assert follows is not None
    assert rest_of_the_way(follows).latest <= rest_of_the_way(stage).latest


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in ON_THE_WAY])
def test_nothing_is_expected_once_nothing_is_to_come(stage: Stage) -> None:
    assert expected(stage, NOON, NOON) is None


@pytest.mark.parametrize("stage", ON_THE_WAY)
@pytest.mark.parametrize("hours", [0, 1, 13, 60, 1000])
def test_a_range_never_lies_in_the_past(stage: Stage, hours: int) -> None:
    now = NOON + hours * HOUR
    found = expected(stage, NOON, now)
    assert found is not None
    if found.earliest is not None and found.latest is not None:
        assert now <= found.earliest <= found.latest
    else:
        assert found.overdue


def test_a_buyer_who_has_not_paid_is_never_overdue_and_the_range_counts_from_now() -> None:
    now = NOON + 500 * HOUR
    found = expected(Stage.AWAITING_PAYMENT, NOON, now)
    assert found is not None
    assert found.earliest is not None
    assert not found.overdue
    assert found.earliest > now


def test_a_late_stage_is_overdue_and_the_rest_counts_from_now() -> None:
    now = NOON + 60 * HOUR
    found = expected(Stage.AT_WAREHOUSE, NOON, now)
    assert found is not None
    assert (found.overdue, found.due) == (True, NOON + 48 * HOUR)
    assert (found.earliest, found.latest) == (now + 36 * HOUR, now + 120 * HOUR)


def test_a_late_carrier_leaves_no_range_to_tell() -> None:
    found = expected(Stage.SHIPPED, NOON, NOON + 121 * HOUR)
    assert found is not None
    assert (found.earliest, found.latest, found.overdue, found.due) == (None, None, True, NOON + 120 * HOUR)


def test_history_speaks_before_the_promise() -> None:
    found = expected(Stage.SHIPPED, NOON, NOON + 2 * HOUR, history=Span(HOUR, 5 * HOUR))
    assert found is not None
    assert (found.earliest, found.latest, found.basis) == (NOON + 2 * HOUR, NOON + 5 * HOUR, Basis.HISTORY)


def test_slower_than_nine_in_ten_before_is_overdue_by_the_promise_again() -> None:
    found = expected(Stage.SHIPPED, NOON, NOON + 6 * HOUR, history=Span(HOUR, 5 * HOUR))
    assert found is not None
    assert (found.overdue, found.due, found.basis) == (True, NOON + 5 * HOUR, Basis.PROMISE)


def test_promises_are_scaled_as_the_limits_are() -> None:
    found = expected(Stage.SHIPPED, NOON, NOON, time_scale=60)
    assert found is not None
    assert found.latest == NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("wish", "accepted", "code"),
    [
        (None, "en-GB,en;q=0.9", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, "fr, en;q=0.4, zh;q=0.6", "zh-CN"),
        (None, "fr", "zh-CN"),
        (None, "", "zh-CN"),
        (None, "en;q=nonsense,,;;", "en"),
        ("en", "zh", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_the_asked_one_else_the_first_we_have(wish: str | None, accepted: str, code: str) -> None:
    assert words_for(wish, accepted).code == code


@pytest.mark.parametrize("words", LANGUAGES, ids=["zh", "en"])
def test_every_word_is_there(words: Words) -> None:
    tables: list[tuple[Mapping[Any, str], set[Any]]] = [
        (words.headline, set(Stage)),
        (words.meaning, set(Stage)),
        (words.milestone, set(Milestone)),
        (words.actor, set(Actor)),
        (words.concern, set(Concern)),
        (words.upcoming, {each.follows for each in PROMISES.values() if each.follows}),
    ]
    for table, wanted in tables:
        assert set(table) == wanted
        assert all(table.values())


def test_sentences_have_the_same_gaps_in_both_languages() -> None:
    for field in fields(Words):
        one, other = (getattr(words, field.name) for words in LANGUAGES)
        if isinstance(one, str):
            assert _gaps(one) == _gaps(other), field.name
    for field in fields(RefundWords):
        one, other = (getattr(words.of_refunds, field.name) for words in LANGUAGES)
        if isinstance(one, str):
            assert _gaps(one) == _gaps(other), field.name


def _gaps(sentence: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)
