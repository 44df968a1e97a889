"""The money of an approved refund: its legs, what providers and people say, what is booked."""

from dataclasses import replace

import pytest

from domain.case import Cause
from domain.errors import RefundImpossible, SkipRefused
from domain.refund import Decision, RefundStage, decided, opened
from domain.refund_leg import TAKEN_BACK, LegState, RefundOutcome, Told
from domain.refund_money import RefundRequest, Units
from domain.repayment import (
    leg_answered,
    leg_asked,
    leg_confirmed,
    leg_given_up,
    leg_gone_elsewhere,
    moot,
    planned,
    short_legs,
)
from tests.builders import NOON, yuan
from tests.domain.test_refund import NOTHING, approved, arrived, asking, told


def test_no_leg_is_planned_without_an_approval_of_this_amount_and_version() -> None:
    refund = opened(arrived(), (), NOTHING, asking())
    signed = decided(refund, Decision.APPROVED)
    assert signed.approved == (yuan("144.00"), 1)
    for wrong in (refund, replace(signed, version=2), replace(signed, approved=(yuan("143.00"), 1))):
        with pytest.raises(RefundImpossible, match=r"nobody approved 144\.00 CNY"):
            planned(wrong, arrived(), ())


def test_a_withdrawal_comes_in_time_until_the_first_leg_is_committed() -> None:
    signed = decided(opened(arrived(), (), NOTHING, asking()), Decision.APPROVED)
    assert decided(signed, Decision.WITHDRAWN).ended
    with pytest.raises(RefundImpossible, match="on its way"):
        decided(planned(signed, arrived(), ()), Decision.WITHDRAWN)


def test_each_payment_gives_back_no_more_than_it_brought_and_freight_is_split_with_it() -> None:
    refund = approved(arrived(10000, 4400))
    assert [(leg.payment[2], str(leg.amount), leg.freight.amount_minor) for leg in refund.legs] == [
        ("T2", "44.00 CNY", 244),
        ("T1", "100.00 CNY", 556),
    ]
    assert [leg.out_refund_no for leg in refund.legs] == ["tea_1001_r1_1", "tea_1001_r1_2"]


def test_money_that_went_back_is_booked_and_the_entry_balances() -> None:
    change = leg_answered(leg_asked(approved(arrived()), 1), 1, Told(RefundOutcome.DONE, "R-1"), NOON)
    (entry,) = change.entries
    assert {each.account: each.amount.amount_minor for each in entry.postings} == {
        "buyer_cash": 13600,
        "freight": 800,
        "provider_receivable": -14400,
    }
    assert (entry.reference, change.refund.stage, change.refund.ended) == ("tea_1001_r1_1", RefundStage.PAID_BACK, True)
    again = leg_answered(change.refund, 1, Told(RefundOutcome.DONE, "R-1"), NOON)
    assert (again.entries, again.refund) == ((), change.refund)


def test_one_refused_leg_does_not_undo_the_other() -> None:
    refund = told(approved(arrived(10000, 4400)), RefundOutcome.DONE, 1)
    change = leg_answered(leg_asked(refund, 2), 2, Told(RefundOutcome.REFUSED, code="TRADE_CLOSED"), NOON)
    (case,) = change.cases
    assert (change.refund.stage, change.refund.paid_back) == (RefundStage.PARTLY_PAID_BACK, yuan("44.00"))
    assert (case.cause, case.subject) == (Cause.REFUND_REFUSED, "tea_1001_r1_2")
    assert "TRADE_CLOSED; 100.00 CNY of 144.00 CNY is still to go" in case.detail
    closed = leg_given_up(change.refund, 2)
    assert (closed.ended, closed.stage) == (True, RefundStage.PARTLY_PAID_BACK)
    assert moot(Cause.REFUND_REFUSED, case.subject, closed)
    rest = opened(arrived(10000, 4400), (closed,), NOTHING, asking(RefundRequest(units=(Units("1", 1),))))
    assert rest.amount == yuan("68.00")


def test_what_was_given_up_as_a_whole_frees_the_ceiling() -> None:
    closed = leg_given_up(told(approved(arrived()), RefundOutcome.REFUSED), 1)
    assert (closed.stage, closed.counted) == (RefundStage.NOT_PAID_BACK, None)


def test_money_that_went_another_way_is_booked_once_a_second_person_confirms_it() -> None:
    refused = told(approved(arrived()), RefundOutcome.ABNORMAL)
    change = leg_gone_elsewhere(refused, 1, "BANK-1", "fang")
    (case,) = change.cases
    assert (case.cause, case.subject) == (Cause.PAID_ELSEWHERE, "tea_1001_r1_2")
    assert "fang says that 144.00 CNY went to the buyer another way, under BANK-1" in case.detail
    assert [(leg.state, leg.replaces, leg.counts) for leg in change.refund.legs] == [
        (LegState.GIVEN_UP, None, False),
        (LegState.TO_BE_CONFIRMED, 1, True),
    ]
    assert (change.refund.stage, change.refund.ended) == (RefundStage.PAYING_BACK, False)
    for alone in ("fang", change.refund.applicant):
        with pytest.raises(SkipRefused, match="it takes another person to confirm"):
            leg_confirmed(change.refund, 2, alone, NOON)
    done = leg_confirmed(change.refund, 2, "boss", NOON)
    (entry,) = done.entries
    assert {each.account: each.amount.amount_minor for each in entry.postings} == {
        "buyer_cash": 13600,
        "freight": 800,
        "paid_elsewhere": -14400,
    }
    assert (done.refund.stage, moot(case.cause, case.subject, done.refund)) == (RefundStage.PAID_BACK, True)
    assert leg_given_up(change.refund, 2).stage is RefundStage.NOT_PAID_BACK


def test_a_closed_number_gets_a_successor_with_a_new_one_and_only_it_counts() -> None:
    refund = told(approved(arrived()), RefundOutcome.CLOSED)
    assert [(leg.number, leg.state, leg.replaces, leg.counts) for leg in refund.legs] == [
        (1, LegState.CLOSED, None, False),
        (2, LegState.PLANNED, 1, True),
    ]
    assert (refund.legs[1].out_refund_no, refund.legs[1].freight) == ("tea_1001_r1_2", yuan("8.00"))
    assert told(refund, RefundOutcome.DONE, 2).stage is RefundStage.PAID_BACK


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (RefundOutcome.ABNORMAL, Cause.REFUND_ROUTE_GONE),
        (RefundOutcome.REFUSED, Cause.REFUND_REFUSED),
    ],
)
def test_what_a_person_must_see_to_is_a_case_that_settles_itself(outcome: RefundOutcome, cause: Cause) -> None:
    change = leg_answered(leg_asked(approved(arrived()), 1), 1, Told(outcome), NOON)
    (case,) = change.cases
    assert case.cause is cause
    assert not moot(cause, case.subject, change.refund)
    assert moot(cause, case.subject, told(change.refund, RefundOutcome.DONE))


def test_an_empty_account_is_no_case_of_the_refund_alone() -> None:
    change = leg_answered(leg_asked(approved(arrived()), 1), 1, Told(RefundOutcome.SHORT_OF_BALANCE), NOON)
    assert (change.cases, short_legs(change.refund)) == ((), {(1, ("alipay", "main"))})
    assert short_legs(leg_asked(change.refund, 1)) == {(1, ("alipay", "main"))}
    assert short_legs(told(change.refund, RefundOutcome.DONE)) == set()


@pytest.mark.parametrize("outcome", TAKEN_BACK)
def test_a_word_that_is_taken_back_is_a_case_and_books_nothing(outcome: RefundOutcome) -> None:
    refund = told(approved(arrived()), RefundOutcome.DONE)
    change = leg_answered(refund, 1, Told(outcome), NOON)
    assert (change.refund, change.entries) == (refund, ())
    assert [case.cause for case in change.cases] == [Cause.REFUND_REVERSED]
