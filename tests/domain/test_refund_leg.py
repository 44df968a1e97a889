"""Every pair of a leg's state and a provider's answer: what becomes of the leg."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import ImpossibleMove, SkipRefused
from domain.reference import OUT_TRADE_NO_LIMIT, OrderId
from domain.refund_leg import (
    ENDED,
    NOT_BY_THIS_ROUTE,
    OUT_REFUND_NO_LIMIT,
    TO_BE_ASKED,
    TO_BE_ASKED_ABOUT,
    WITH_A_PERSON,
    Leg,
    LegState,
    RefundOutcome,
    Told,
    answered,
    asked,
    check_confirmation,
    confirmed,
    given_up,
    held,
    out_refund_no,
)
from tests.builders import NOON, ORDER_ID, yuan

# A row is the leg's state, a column what the provider says, both in the order of their enums.
# `>` it becomes what was said; `a` it is to be asked for again with the same number; `=` old news; `x` it contradicts.
TABLE = """
                  done processing refused closed abnormal short unknown not_found
planned           x    x          x       x      x        x     x       x
asked             >    >          >       >      >        >     >       a
processing        >    >          >       >      >        >     =       =
short_of_balance  >    >          >       >      >        >     >       =
unknown           >    >          >       >      >        >     >       a
abnormal          >    =          >       >      >        =     =       =
refused           >    =          =       =      =        =     =       =
closed            x    =          =       =      =        =     =       =
given_up          x    =          =       =      =        =     =       =
done              =    =          x       x      =        =     =       =
to_be_confirmed   x    x          x       x      x        x     x       x
"""
PAIRS = [
    pytest.param(LegState(name), outcome, mark, id=f"{name}-{outcome}")
    for name, *marks in map(str.split, TABLE.strip().splitlines()[1:])
    for outcome, mark in zip(RefundOutcome, marks, strict=True)
]


def leg(state: LegState) -> Leg:
    return Leg(1, ("alipay", "main", "T1"), yuan("68.00"), yuan("8.00"), "tea_1001_r_1", state)


def test_the_table_has_every_pair() -> None:
    assert len(PAIRS) == len(LegState) * len(RefundOutcome)


@pytest.mark.parametrize(("state", "outcome", "mark"), PAIRS)
def test_an_answer_moves_a_leg_as_the_table_says(state: LegState, outcome: RefundOutcome, mark: str) -> None:
    before = leg(state)
    if mark == "x":
        with pytest.raises(ImpossibleMove, match="the provider says"):
            answered(before, Told(outcome), NOON)
        return
    after = answered(before, Told(outcome), NOON)
    expected = {"=": state, "a": LegState.ASKED, ">": LegState(outcome) if mark == ">" else state}[mark]
    assert after.state is expected


@pytest.mark.parametrize("state", LegState)
def test_a_leg_is_asked_for_again_only_where_nothing_can_move_twice(state: LegState) -> None:
    if state in (*TO_BE_ASKED, *NOT_BY_THIS_ROUTE):
        again, short = asked(leg(state)), LegState.SHORT_OF_BALANCE
        assert again.state is (short if state is short else LegState.ASKED)
        assert again.out_refund_no == leg(state).out_refund_no
    else:
        with pytest.raises(ImpossibleMove):
            asked(leg(state))


@pytest.mark.parametrize("state", LegState)
def test_a_leg_that_is_to_be_asked_for_can_be_held_and_keeps_its_number_and_state(state: LegState) -> None:
    if state not in TO_BE_ASKED:
        with pytest.raises(ImpossibleMove, match="nothing to hold"):
            held(leg(state), "stop")
        return
    waiting = held(leg(state), "stop")
    assert (waiting.state, waiting.held, waiting.counts) == (state, "stop", True)
    assert asked(waiting) == asked(leg(state))


def test_what_the_provider_tells_of_a_held_leg_is_heard() -> None:
    done = answered(held(leg(LegState.ASKED), "stop"), Told(RefundOutcome.DONE), NOON)
    assert (done.state, done.held) == (LegState.DONE, None)


@pytest.mark.parametrize("state", LegState)
def test_only_what_a_person_has_to_see_to_can_be_given_up(state: LegState) -> None:
    if state in WITH_A_PERSON:
        assert given_up(leg(state)).counts is False
    else:
        with pytest.raises(ImpossibleMove, match="cannot be given up"):
            given_up(leg(state))


@pytest.mark.parametrize("state", LegState)
def test_only_what_somebody_says_can_be_confirmed(state: LegState) -> None:
    if state is LegState.TO_BE_CONFIRMED:
        done = confirmed(leg(state), "wang", NOON)
        assert (done.state, done.confirmed_by, done.done_at) == (LegState.DONE, "wang", NOON)
    else:
        with pytest.raises(ImpossibleMove, match="nothing to confirm"):
            confirmed(leg(state), "wang", NOON)


def test_neither_who_said_so_nor_who_asked_for_the_money_confirms_it() -> None:
    said = replace(leg(LegState.TO_BE_CONFIRMED), said_by="fang")
    check_confirmation(said, "ann", "boss")
    with pytest.raises(SkipRefused, match="fang said so: it takes another person"):
        check_confirmation(said, "ann", "fang")
    with pytest.raises(SkipRefused, match="ann asked for it: it takes another person"):
        check_confirmation(said, "ann", "ann")


def test_every_state_has_somebody_whose_turn_it_is() -> None:
    groups = [ENDED, TO_BE_ASKED, TO_BE_ASKED_ABOUT, WITH_A_PERSON]
    assert sorted(state for group in groups for state in group) == sorted(LegState)


def test_money_that_went_back_has_the_providers_reference_and_time() -> None:
    told = Told(RefundOutcome.DONE, "R-1", yuan("68.00"), NOON - timedelta(minutes=1))
    done = answered(leg(LegState.UNKNOWN), told, NOON)
    assert (done.refund_no, done.done_at, done.amount) == ("R-1", NOON - timedelta(minutes=1), yuan("68.00"))


def test_another_amount_than_we_asked_is_never_taken_for_done() -> None:
    with pytest.raises(ImpossibleMove, match=r"is of 68\.00 CNY, the provider says 67\.99 CNY"):
        answered(leg(LegState.ASKED), Told(RefundOutcome.DONE, amount=yuan("67.99")), NOON)


def test_a_number_is_derived_and_fits_both_providers() -> None:
    assert out_refund_no(ORDER_ID, "0123456789abcdef", 1) == "tea_1001_0123456789abcdef_1"
    longest = OrderId("shop", "s" * 14, "9" * (OUT_TRADE_NO_LIMIT - 4 - 14))
    assert len(out_refund_no(longest, "f" * 16, 99)) <= OUT_REFUND_NO_LIMIT
