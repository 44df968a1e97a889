"""What customers are told of a refund's end: the targets, its way, and the range that earlier refunds make."""

import random  # noqa: TID251 - chance by a seed: the lives are the same every day
from datetime import timedelta

import pytest

from domain.promise import Actor, Basis, Span
from domain.refund import Goods, RefundStage
from domain.refund_promise import (
    FEWEST_FOR_HISTORY,
    TARGETS,
    RefundMilestone,
    actor,
    current,
    follows,
    refund_expected,
    rest_of_the_way,
    span_of,
    way,
)
from tests.builders import NOON

HOUR = timedelta(hours=1)
WAITING = (RefundStage.AWAITING_APPROVAL, Goods.KEPT)
PAYING = (RefundStage.PAYING_BACK, Goods.KEPT)


def test_where_nothing_comes_back_the_targets_sum_to_18_hours_at_most() -> None:
    begin = RefundStage.STOPPING_GOODS
    whole = TARGETS[begin][2] + rest_of_the_way(begin, Goods.TO_STOP)
    assert whole.usual < whole.latest <= 18 * HOUR


@pytest.mark.parametrize("stage", TARGETS)
@pytest.mark.parametrize("goods", Goods)
def test_every_way_leads_to_the_money_and_gets_shorter(stage: RefundStage, goods: Goods) -> None:
    after = follows(stage, goods)
    assert after is not None
    assert rest_of_the_way(after, goods).latest <= rest_of_the_way(stage, goods).latest


@pytest.mark.parametrize("goods", Goods)
@pytest.mark.parametrize("stage", RefundStage)
def test_where_a_refund_stands_is_on_its_way_unless_it_can_not_stand_there(stage: RefundStage, goods: Goods) -> None:
    here, path = current(stage, goods), way(stage, goods)
    coming_back = (RefundMilestone.SENT_BACK, RefundMilestone.RECEIVED)
    stays = (Goods.KEPT, Goods.TO_STOP, Goods.STOPPED)
    assert here in path or (here in coming_back and goods in stays)
    assert len(set(path)) == len(path)
    assert path[0] is RefundMilestone.REQUESTED


def test_only_the_providers_word_reaches_the_last_milestone() -> None:
    back = {stage for stage in RefundStage if current(stage, Goods.KEPT) is RefundMilestone.PAID_BACK}
    assert back == {RefundStage.PAID_BACK}


def test_what_has_ended_waits_for_nobody() -> None:
    for stage in set(RefundStage) - set(TARGETS):
        assert (actor(stage), follows(stage, Goods.KEPT)) == (Actor.NOBODY, None)
        assert refund_expected((stage, Goods.KEPT), NOON, NOON, NOON) is None


def test_without_history_the_targets_speak() -> None:
    found = refund_expected(WAITING, NOON, NOON, NOON)
    assert found is not None
    assert (found.earliest, found.latest) == (NOON + 1.1 * HOUR, NOON + 15.5 * HOUR)
    assert (found.basis, found.overdue) == (Basis.PROMISE, False)


def test_with_history_the_range_begins_now_at_the_earliest_and_ends_where_it_did() -> None:
    history = Span(HOUR, 4 * HOUR)
    found = refund_expected(WAITING, NOON, NOON, NOON + 2 * HOUR, history=history)
    assert found is not None
    assert (found.earliest, found.latest, found.basis) == (NOON + 2 * HOUR, NOON + 4 * HOUR, Basis.HISTORY)


def test_beyond_its_history_a_refund_is_overdue() -> None:
    now = NOON + 5 * HOUR
    found = refund_expected(WAITING, NOON, NOON, now, history=Span(HOUR, 4 * HOUR))
    assert found is not None
    assert (found.overdue, found.due) == (True, NOON + 4 * HOUR)
    assert found.earliest is not None
    assert found.earliest >= now


def test_a_late_last_stage_has_no_range() -> None:
    found = refund_expected(PAYING, NOON, NOON, NOON + 6 * HOUR)
    assert found is not None
    assert (found.overdue, found.earliest, found.latest, found.due) == (True, None, None, NOON + 5 * HOUR)


def test_the_buyers_own_time_is_never_overdue() -> None:
    at, now = (RefundStage.AWAITING_RETURN, Goods.EXPECTED), NOON + 500 * HOUR
    for history in (None, Span(HOUR, 4 * HOUR)):
        found = refund_expected(at, NOON, NOON, now, history=history)
        assert found is not None
        assert not found.overdue
        assert found.earliest is not None
        assert found.earliest > now


def test_too_few_earlier_refunds_say_nothing() -> None:
    assert span_of([HOUR] * (FEWEST_FOR_HISTORY - 1)) is None
    assert span_of([HOUR] * FEWEST_FOR_HISTORY) == Span(HOUR, HOUR)


def _case(dice: random.Random, slow: float) -> timedelta:
    """Hours to sign and minutes to pay; some wait for the next morning, a few for a lost answer."""
    hours = dice.lognormvariate(0.5, 0.8) + dice.expovariate(4)
    night = 9.0 if dice.random() < slow else 0.0
    lost = dice.uniform(0.5, 12) if dice.random() < 0.03 else 0.0
    return timedelta(hours=hours + night + lost)


@pytest.mark.parametrize("known", [FEWEST_FOR_HISTORY, 60, 200])
@pytest.mark.parametrize("slow", [0.0, 0.1, 0.4])
def test_of_held_out_cases_80_to_95_of_100_end_inside_the_range(known: int, slow: float) -> None:
    inside = cases = 0
    for seed in range(40):
        dice = random.Random(f"{known} {slow} {seed}")
        span = span_of([_case(dice, slow) for _ in range(known)])
        assert span is not None
        held_out = [_case(dice, slow) for _ in range(250)]
        inside += sum(span.usual <= each <= span.latest for each in held_out)
        cases += len(held_out)
    assert 0.80 <= inside / cases <= 0.95
