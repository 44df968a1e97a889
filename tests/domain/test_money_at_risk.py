"""Money at risk: what is open of a refund, whose it is and until when, and what comes first."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain.approval import Approval, Mode, StepPlan, start
from domain.calendar import A_DAY, Calendar, Shift, TimeKind, TimeLimit
from domain.case import Cause, NewCase
from domain.limits import Limits
from domain.money_at_risk import OpenThing, RefundAtHand, by_risk, open_things
from domain.refund import Basis, Decision, Goods, Kind, Refund, Repayment
from domain.refund_leg import Leg, LegState
from domain.refund_money import Quote
from domain.returns import FreightBy, Return
from tests.builders import NOON, ORDER_ID, yuan

LIMITS, DAY, HOUR = Limits(), timedelta(days=1), timedelta(hours=1)
ASKED = Refund("r1", ORDER_ID, "shop tea", Kind.REFUND_ONLY, Basis.SALE, Quote((), (), yuan("8.00")))
APPROVED = replace(ASKED, decision=Decision.APPROVED)


def thing(name: str, amount: str, left: timedelta | None) -> OpenThing:
    due = None if left is None else NOON + left
    return OpenThing("case", name, "o", None, "look", "lin", due, yuan(amount))


def at_hand(refund: Refund, *cases: NewCase, back: Return | None = None) -> RefundAtHand:
    return RefundAtHand(refund, None, back, NOON, {1: NOON, 2: NOON}, cases)


def case(cause: Cause, subject: str = "r1") -> NewCase:
    return NewCase(cause, subject, "about it")


def paying(state: LegState, held: str | None = None) -> Refund:
    leg = Leg(1, ("alipay", "main", "t1"), yuan("5.00"), yuan("0.00"), "no_1", state, held=held)
    return replace(APPROVED, repayment=Repayment.UNDER_WAY, legs=(leg,))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (thing("none", "0.01", None), thing("late", "900.00", -DAY)),
        (thing("late", "0.01", -HOUR), thing("soon", "900.00", HOUR)),
        (thing("late", "10.00", -DAY), thing("bit", "10.00", -HOUR)),
        (thing("late", "30.00", -HOUR), thing("small", "1.00", -DAY)),
        (thing("soon", "10.00", HOUR), thing("far", "10.00", DAY)),
        (thing("large", "100.00", DAY), thing("small", "1.00", HOUR)),
        (thing("a", "1.00", DAY), thing("b", "1.00", DAY)),
        (thing("now", "1.00", timedelta(0)), thing("soon", "1.00", HOUR)),
    ],
)
def test_what_is_more_urgent_comes_first_from_either_order(first: OpenThing, second: OpenThing) -> None:
    assert by_risk((second, first), NOON) == by_risk((first, second), NOON) == [first, second]


@pytest.mark.parametrize(
    ("refund", "back", "owner", "due"),
    [
        (replace(ASKED, goods=Goods.TO_STOP), None, "warehouse", DAY),
        (ASKED, None, "lockstep", DAY),
        (replace(APPROVED, goods=Goods.EXPECTED), Return(NOON + 7 * DAY, FreightBy.BUYER), "customer", 7 * DAY),
        (
            replace(APPROVED, goods=Goods.UNDER_WAY),
            Return(NOON, FreightBy.BUYER, sent_at=NOON + DAY),
            "warehouse",
            DAY + LIMITS.return_received_within,
        ),
        (paying(LegState.UNKNOWN), None, "lockstep", LIMITS.refund_unclear_after),
        (paying(LegState.PLANNED, "stop"), None, "finance", LIMITS.refund_unclear_after),
        (paying(LegState.SHORT_OF_BALANCE), None, "finance", LIMITS.refund_unclear_after),
    ],
)
def test_each_open_stage_has_an_owner_and_a_due_time(
    refund: Refund, back: Return | None, owner: str, due: timedelta
) -> None:
    (found,) = open_things(at_hand(refund, back=back), LIMITS)
    assert (found.owner, found.due_at, found.lacks) == (owner, NOON + due, ())


def test_each_open_task_stands_in_the_list_for_its_signer() -> None:
    asked = start("shop tea", ASKED.amount, (StepPlan("support", Mode.ALL, ("lin", "fang")),), NOON)
    found = open_things(replace(at_hand(ASKED), approval=asked), LIMITS)
    assert [(each.owner, each.due_at, each.next_action) for each in found] == [
        ("lin", NOON + DAY, "decide: support"),
        ("fang", NOON + DAY, "decide: support"),
    ]


def test_an_approval_that_nobody_can_sign_is_an_orphan() -> None:
    nobody = Approval("shop tea", ASKED.amount, 1, (StepPlan("support", Mode.ANY, ("lin",)),))
    (found,) = open_things(replace(at_hand(ASKED), approval=nobody), LIMITS)
    assert found.lacks == ("owner",)


def test_a_refused_leg_is_its_cases_and_an_orphan_without_one() -> None:
    refund = paying(LegState.REFUSED)
    assert open_things(at_hand(refund, case(Cause.REFUND_REFUSED, "no_1")), LIMITS) == ()
    (found,) = open_things(at_hand(refund), LIMITS)
    assert found.lacks == ("next action", "owner")


def test_a_case_hides_only_the_leg_that_it_is_about_unless_the_whole_refund_stands_still() -> None:
    first = paying(LegState.REFUSED).legs[0]
    refund = replace(paying(LegState.REFUSED), legs=(first, replace(first, number=2, out_refund_no="no_2")))

    def left(*cases: NewCase) -> list[str]:
        return [each.id for each in open_things(at_hand(refund, *cases), LIMITS)]

    assert left(case(Cause.REFUND_REFUSED, "no_1")) == ["r1/no_2"]
    assert left(case(Cause.REFUND_REFUSED, "no_1"), case(Cause.REFUND_UNCLEAR, "no_2")) == []
    assert left(case(Cause.RED_LETTER_DUE)) == ["r1/no_1", "r1/no_2"]
    assert left(case(Cause.STEP_REFUSED, "r1 record_answer")) == []


@pytest.mark.parametrize(
    ("cause", "hidden"),
    [
        (Cause.RETURN_NOT_ANNOUNCED, True),
        (Cause.RETURN_OVERDUE, True),
        (Cause.IMPOSSIBLE_FACT, False),
        (Cause.AFTER_SALE_CHANGED, False),
    ],
)
def test_a_case_that_nothing_waits_for_hides_no_stage(cause: Cause, *, hidden: bool) -> None:
    refund = replace(APPROVED, goods=Goods.UNDER_WAY)
    back = Return(NOON, FreightBy.BUYER, sent_at=NOON)
    assert (open_things(at_hand(refund, case(cause), back=back), LIMITS) == ()) is hidden


FOUR_HOURS = TimeLimit(4 * HOUR)
NINE_OF_WORK = TimeLimit(9 * HOUR, TimeKind.WORKING)
ALL_DAY = Calendar(weekdays=tuple(range(7)), shifts=(Shift(time(0), time(18)),))


@pytest.mark.parametrize(
    ("limit", "deadline", "due"),
    [
        (A_DAY, None, DAY),
        (FOUR_HOURS, None, 4 * HOUR),
        (NINE_OF_WORK, None, 15 * HOUR),
        (A_DAY, 6 * HOUR, 6 * HOUR - LIMITS.platform_margin),
        (FOUR_HOURS, 72 * HOUR, 4 * HOUR),
    ],
)
def test_a_signature_is_due_at_its_steps_limit_and_before_a_platforms_clock_decides(
    limit: TimeLimit, deadline: timedelta | None, due: timedelta
) -> None:
    asked = start("shop tea", ASKED.amount, (StepPlan("support", Mode.ANY, ("lin",), limit=limit),), NOON)
    ends = None if deadline is None else NOON + deadline
    (found,) = open_things(replace(at_hand(ASKED), approval=asked, deadline=ends, calendar=ALL_DAY), LIMITS)
    assert found.due_at == NOON + due


def test_what_has_ended_is_not_open() -> None:
    assert open_things(at_hand(paying(LegState.DONE)), LIMITS) == ()
    assert open_things(at_hand(replace(ASKED, decision=Decision.REFUSED)), LIMITS) == ()
