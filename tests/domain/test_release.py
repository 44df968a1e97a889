"""The release gate: which holds stand, and when a waiting case has nothing to wait for any more."""

from dataclasses import replace

import pytest

from domain import order as orders
from domain import release
from domain.axis import Holding
from domain.case import HANDLING, Cause
from domain.order import Cancellation, HoldReason, Kind, Order
from domain.outbound import Outbound
from tests.builders import parcel
from tests.domain import scenes

READY = scenes.reserved()
UNMATCHED = replace(READY, unmatched=("1", "3"))
NO_ADDRESS = replace(READY, address_gaps=("street", "phone"))
FROM_ABROAD = replace(READY, kind=Kind.CROSS_BORDER)


@pytest.mark.parametrize(
    ("what", "held", "told"),
    [
        (READY, [], ""),
        (replace(READY, kind=Kind.PRESALE), [], ""),
        (UNMATCHED, ["unmatched_sku"], "lines 1, 3 have no own sku"),
        (NO_ADDRESS, ["address_incomplete"], "the recipient lacks street, phone"),
        (FROM_ABROAD, ["unsupported_kind"], "orders of kind cross_border are not handled"),
        (replace(READY, kind=Kind.CASH_ON_DELIVERY), ["unsupported_kind"], "orders of kind cash_on_delivery"),
        (
            replace(UNMATCHED, kind=Kind.CROSS_BORDER, address_gaps=("phone",)),
            ["unmatched_sku", "address_incomplete", "unsupported_kind"],
            "lines 1, 3 have no own sku",
        ),
    ],
)
def test_every_hold_that_stands_is_set_and_explained_by_its_case(what: Order, held: list[str], told: str) -> None:
    change = release.review(what)
    assert [reason.value for reason in change.order.holds] == held
    assert [case.cause.value for case in change.cases] == held
    assert all(case.subject == "shop/tea/1001" for case in change.cases)
    assert told in "".join(case.detail for case in change.cases)


def test_a_hold_that_was_mended_falls() -> None:
    held = release.review(NO_ADDRESS).order
    assert held.holding is Holding.HELD
    assert release.review(replace(held, address_gaps=())).order.holding is Holding.CLEAR


def test_every_hold_reason_and_every_kind_is_in_the_table() -> None:
    assert {hold.reason for hold in release.HOLDS} == set(HoldReason)
    assert {kind: release.review(replace(READY, kind=kind)).order.holds == () for kind in Kind} == {
        Kind.STANDARD: True,
        Kind.PRESALE: True,
        Kind.CASH_ON_DELIVERY: False,
        Kind.CROSS_BORDER: False,
    }


def test_every_hold_stops_the_order_until_somebody_decides() -> None:
    assert all(HANDLING[hold.cause].waits for hold in release.HOLDS)


@pytest.mark.parametrize("reason", HoldReason)
def test_the_case_of_a_hold_waits_as_long_as_the_hold_stands(reason: HoldReason) -> None:
    cause = next(hold.cause for hold in release.HOLDS if hold.reason is reason)
    assert not release.moot(cause, replace(READY, holds=(reason,)))
    assert release.moot(cause, READY)


TOO_LATE = replace(scenes.shipped(), cancellation=Cancellation.TOO_LATE)
BACKORDERED = replace(scenes.pushed(), outbound=(Outbound(1, {"1": 1}),))
EARLY_PARCEL = orders.report_parcel(scenes.paid(), parcel()).order
# waits for (-) or is moot (m): unpaid, paid, reserved, pushed, shipped, too late to cancel, a rest waits
WAITING_CASES = """
provider_silent        - m m m m m m
trade_refunded         - m m m m m m
message_without_order  m m m m m m m
out_of_stock           - - - m m m -
push_failed            - - - m m m -
push_refused           - - - m m m -
stop_failed            - - - - - m -
amount_mismatch        - - - - - - -
surplus_payment        - - - - - - -
refund_due             - - - - - - -
paid_after_close       - - - - - - -
other_content          - - - - - - -
unknown_trade          - - - - - - -
unknown_lines          - - - - - - -
unexpected_parcel      - - - - - - -
impossible_fact        - - - - - - -
step_refused           - - - - - - -
return_requested       - - - - - - -
levels_not_pushed      - - - - - - -
nobody_signs           - - - - - - -
refund_refused         - - - - - - -
refund_route_gone      - - - - - - -
refund_unclear         - - - - - - -
balance_short          - - - - - - -
refund_reversed        - - - - - - -
unknown_refund         - - - - - - -
unexpected_return      - - - - - - -
paid_elsewhere         - - - - - - -
dispute_open           - - - - - - -
after_sale_changed     - - - - - - -
after_sale_stuck       - - - - - - -
return_not_announced   - - - - - - -
return_overdue         - - - - - - -
return_damaged         - - - - - - -
red_letter_due         - - - - - - -
money_stopped          - - - - - - -
cap_reached            - - - - - - -
"""
STANDS = (scenes.matched(), scenes.paid(), READY, scenes.pushed(), scenes.shipped(), TOO_LATE, BACKORDERED)
ROWS = [row.split() for row in WAITING_CASES.strip().splitlines()]


@pytest.mark.parametrize(
    ("cause", "stands", "mark"),
    [
        pytest.param(Cause(name), stands, mark, id=f"{name}-{stands.stage}-{stands.cancellation}-{stands.backordered}")
        for name, *marks in ROWS
        for stands, mark in zip(STANDS, marks, strict=True)
    ],
)
def test_a_case_is_moot_once_the_order_has_passed_what_it_was_about(cause: Cause, stands: Order, mark: str) -> None:
    assert release.moot(cause, stands) is (mark == "m")


def test_the_table_of_moot_cases_names_every_cause_that_is_no_hold() -> None:
    assert {name for name, *_ in ROWS} == {cause.value for cause in Cause} - {hold.cause for hold in release.HOLDS}


@pytest.mark.parametrize("ended", [scenes.completed(), scenes.cancelled(scenes.paid())])
@pytest.mark.parametrize("cause", Cause)
def test_an_order_that_ended_waits_for_nobody_but_money_and_goods_stay_open(ended: Order, cause: Cause) -> None:
    assert release.moot(cause, ended) is HANDLING[cause].waits


def test_a_parcel_too_early_leaves_the_gate_as_it_is() -> None:
    assert release.review(EARLY_PARCEL).order == EARLY_PARCEL
