"""Cases: each cause has an owner and an end, and only what is allowed can be decided."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import HANDLING, CaseDecision, Cause, Choice, check_decision, time_for
from domain.errors import SkipRefused

SKIP = CaseDecision("case-1", Choice.SKIP, "li", "left by hand", "wang", "SF-77", "BANK-1")

# What a person may choose, by cause.
ALLOWED = """
amount_mismatch        close
surplus_payment        close
paid_after_close       close
refund_due             close
other_content          close
unknown_trade          close
message_without_order  close
provider_silent        retry
out_of_stock           retry split cancel
unmatched_sku          retry cancel
address_incomplete     retry cancel
unsupported_kind       retry cancel
push_failed            retry skip cancel
push_refused           retry skip cancel
stop_failed            retry
return_requested       close
unknown_lines          close
unexpected_parcel      close
impossible_fact        close
step_refused           retry
levels_not_pushed      close
nobody_signs           retry
refund_refused         retry elsewhere cancel
refund_route_gone      retry elsewhere cancel
refund_unclear         retry
balance_short          close
refund_reversed        close
unknown_refund         close
trade_refunded         retry cancel
red_letter_due         close
return_not_announced   retry
return_overdue         close
return_damaged         retry
unexpected_return      close
money_stopped          close
cap_reached            close
paid_elsewhere         confirm cancel
dispute_open           close
after_sale_changed     close
after_sale_stuck       retry
"""
TABLE = {Cause(cause): set(choices) for cause, *choices in map(str.split, ALLOWED.strip().splitlines())}


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_an_owner_a_next_action_a_choice_and_a_limit(cause: Cause) -> None:
    handling = HANDLING[cause]
    assert handling.owner in {"finance", "support", "operations", "warehouse"}
    assert handling.next_action
    assert handling.choices
    assert timedelta(0) < handling.limit <= timedelta(days=1)


@pytest.mark.parametrize("cause", Cause)
def test_an_order_stands_still_exactly_for_the_cases_that_decide_how_it_goes_on(cause: Cause) -> None:
    assert HANDLING[cause].waits is (Choice.CLOSE not in HANDLING[cause].choices)


@pytest.mark.parametrize("choice", Choice)
@pytest.mark.parametrize("cause", Cause)
def test_only_the_choices_of_its_cause_can_be_made(cause: Cause, choice: Choice) -> None:
    decision = replace(SKIP, choice=choice)
    if choice.value in TABLE[cause]:
        check_decision(cause, decision)
    else:
        with pytest.raises(SkipRefused, match=f"a case of {cause} allows .*, not {choice}"):
            check_decision(cause, decision)


def test_only_a_push_can_be_skipped() -> None:
    assert {cause for cause in Cause if Choice.SKIP in HANDLING[cause].choices} == {
        Cause.PUSH_FAILED,
        Cause.PUSH_REFUSED,
    }


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_decision_names_who_and_why(blank: str) -> None:
    decision = CaseDecision("case-1", Choice.RETRY, "li", "restocked")
    check_decision(Cause.OUT_OF_STOCK, decision)
    for nameless in (replace(decision, by=blank), replace(decision, reason=blank)):
        with pytest.raises(SkipRefused, match="say who decides and why"):
            check_decision(Cause.OUT_OF_STOCK, nameless)


@pytest.mark.parametrize("shipment", [None, "", " "])
def test_a_push_is_skipped_only_with_the_shipment_under_which_the_goods_left(shipment: str | None) -> None:
    with pytest.raises(SkipRefused, match="needs the shipment number"):
        check_decision(Cause.PUSH_FAILED, replace(SKIP, outside_shipment_no=shipment))


@pytest.mark.parametrize("second", [None, "", " ", "li", " li "])
def test_a_push_is_skipped_only_with_a_second_person(second: str | None) -> None:
    with pytest.raises(SkipRefused, match="needs a second person"):
        check_decision(Cause.PUSH_FAILED, replace(SKIP, second_person=second))


@pytest.mark.parametrize("number", [None, "", " "])
def test_money_goes_another_way_only_under_a_number(number: str | None) -> None:
    elsewhere = replace(SKIP, choice=Choice.ELSEWHERE, outside_payment_no=number)
    with pytest.raises(SkipRefused, match="another way needs the number"):
        check_decision(Cause.REFUND_ROUTE_GONE, elsewhere)


def test_other_choices_need_no_second_person() -> None:
    check_decision(Cause.PUSH_FAILED, CaseDecision("case-1", Choice.CANCEL, "li", "the buyer does not want it"))


def test_a_cause_with_less_time_keeps_its_share_of_a_shorter_day() -> None:
    day, minute = timedelta(hours=24), timedelta(minutes=24)
    assert [time_for(Cause.OUT_OF_STOCK, each) for each in (day, minute)] == [day, minute]
    assert [time_for(Cause.AFTER_SALE_CHANGED, each) for each in (day, minute)] == [day / 6, minute / 6]
