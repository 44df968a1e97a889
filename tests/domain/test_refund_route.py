"""Until when, and how often, a payment's own route carries money back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Cause
from domain.errors import ImpossibleMove
from domain.payment import Capture
from domain.refund import RefundStage
from domain.refund_leg import Leg, LegState, held, without_route
from domain.refund_route import A_YEAR, LIMITS, route_gone
from domain.repayment import leg_without_route
from tests.builders import NOON, capture, yuan
from tests.domain.test_refund import approved, arrived

WECHAT = replace(capture(), provider="wechatpay")


def legs(count: int, state: LegState = LegState.DONE, of: Capture = WECHAT) -> list[Leg]:
    return [Leg(n, of.key, yuan("1.00"), yuan("0"), f"tea_1001_r{n}_1", state) for n in range(1, count + 1)]


@pytest.mark.parametrize("provider", LIMITS)
def test_a_year_after_the_payment_its_route_is_closed(provider: str) -> None:
    paid = replace(capture(), provider=provider)
    assert route_gone(paid, (), NOON + A_YEAR) is None
    why = route_gone(paid, (), NOON + A_YEAR + timedelta(seconds=1))
    assert why == "paid on 2026-11-22, and refunds end after 365 days"


def test_the_fifty_first_refund_of_a_wechat_payment_has_no_route() -> None:
    assert route_gone(WECHAT, legs(49), NOON) is None
    assert route_gone(WECHAT, legs(50), NOON) == "50 refunds of this payment, and 50 is the most"
    assert route_gone(capture(), legs(50, of=capture()), NOON) is None


def test_what_its_provider_has_not_heard_of_or_went_another_way_is_not_counted() -> None:
    for uncounted in (legs(50, LegState.PLANNED), legs(50, LegState.TO_BE_CONFIRMED), legs(50, of=capture())):
        assert route_gone(WECHAT, uncounted, NOON) is None
    assert route_gone(WECHAT, [replace(each, said_by="fang") for each in legs(50)], NOON) is None


def test_a_provider_that_is_not_known_sets_no_limits() -> None:
    assert route_gone(replace(capture(), provider="stripe"), legs(99), NOON + 9 * A_YEAR) is None


def test_a_leg_without_a_route_is_a_case_and_its_provider_is_never_asked() -> None:
    change = leg_without_route(approved(arrived()), 1, "paid too long ago")
    (case,) = change.cases
    assert (case.cause, change.refund.legs[0].state) == (Cause.REFUND_ROUTE_GONE, LegState.ABNORMAL)
    assert "paid too long ago" in case.detail
    assert change.refund.stage is RefundStage.PAYING_BACK


def test_a_leg_that_was_held_is_not_held_any_more_once_its_route_is_gone() -> None:
    assert without_route(held(legs(1, LegState.PLANNED)[0], "stop"), "too late").held is None


@pytest.mark.parametrize("state", [each for each in LegState if each is not LegState.PLANNED])
def test_what_a_provider_may_know_has_its_word(state: LegState) -> None:
    with pytest.raises(ImpossibleMove, match="its provider may know it"):
        without_route(legs(1, state)[0], "too late")
