"""Captured money: what pays its part, and what is held apart for a person."""

from dataclasses import replace

import pytest

from domain import ending
from domain import order as orders
from domain.axis import Fulfilment, Payment
from domain.case import Cause
from domain.ledger import EntryKind
from domain.money import Money
from domain.order import Change, Kind, Order
from domain.payment import Capture, next_unpaid
from tests.builders import capture, order, yuan
from tests.domain import scenes


def presale() -> Order:
    """A deposit of 72.00 and a balance of 72.00, freight 8.00 within."""
    return scenes.matched(order(parts=2, kind=Kind.PRESALE))


def postings(change: Change) -> list[tuple[str, dict[str, str]]]:
    return [
        (entry.kind, {each.account.value: each.amount.decimal for each in entry.postings}) for entry in change.entries
    ]


def causes(change: Change) -> list[Cause]:
    return [case.cause for case in change.cases]


def test_the_exact_amount_pays_the_order() -> None:
    change = orders.capture_payment(order(), capture())
    assert change.order.payment is Payment.PAID
    assert [each.matched for each in change.order.captures] == [True]
    assert postings(change) == [
        ("captured", {"provider_receivable": "144.00", "buyer_cash": "-136.00", "freight": "-8.00"})
    ]
    assert change.cases == ()


@pytest.mark.parametrize("amount", ["143.99", "144.01", "0.01", "1440.00"])
def test_another_amount_is_held_apart_and_the_order_does_not_move(amount: str) -> None:
    change = orders.capture_payment(order(), capture(amount))
    assert change.order.payment is Payment.UNPAID
    assert [each.matched for each in change.order.captures] == [False]
    assert postings(change) == [("held_apart", {"provider_receivable": amount, "held_apart": f"-{amount}"})]
    assert causes(change) == [Cause.AMOUNT_MISMATCH]
    assert change.cases[0].subject == "alipay/main/2026112222001"


def test_the_right_amount_still_pays_after_a_wrong_one() -> None:
    odd = orders.capture_payment(order(), capture("100.00", "odd")).order
    after = orders.capture_payment(odd, capture()).order
    assert (after.payment, [each.matched for each in after.captures]) == (Payment.PAID, [False, True])


@pytest.mark.parametrize(
    ("second", "cause"),
    [
        (capture("144.00", "second"), Cause.SURPLUS_PAYMENT),
        (capture("10.00", "second"), Cause.AMOUNT_MISMATCH),
        (capture("144.00", "second", part=2), Cause.SURPLUS_PAYMENT),
        (capture("144.00", "second", part=0), Cause.SURPLUS_PAYMENT),
    ],
    ids=["the same part again", "another amount", "a part the plan does not have", "part 0"],
)
def test_money_beyond_the_plan_is_held_apart_and_due_back_with_a_case(second: Capture, cause: Cause) -> None:
    change = orders.capture_payment(scenes.paid(), second)
    assert change.order.payment is Payment.PAID
    assert [each.matched for each in change.order.captures] == [True, False]
    assert [entry.kind for entry in change.entries] == [EntryKind.HELD_APART, EntryKind.REFUND_DUE]
    assert causes(change) == [cause]


def test_the_same_trade_number_at_another_account_or_provider_is_another_trade() -> None:
    paid = scenes.paid()
    for other in (replace(capture(), account="second"), replace(capture(), provider="wechat")):
        assert len(orders.capture_payment(paid, replace(other, trade_no="trade-1")).order.captures) == 2


def test_a_repeated_trade_changes_nothing_however_the_order_stands() -> None:
    money = capture(trade_no="trade-1")
    for stands in (scenes.paid(), scenes.delivered(), scenes.completed(), scenes.cancelled(scenes.paid())):
        assert orders.capture_payment(stands, money) == Change(stands)


def test_a_repeated_trade_of_another_amount_is_not_booked_but_looked_at() -> None:
    paid = scenes.paid()
    change = orders.capture_payment(paid, capture("145.00", "trade-1"))
    assert (change.order, change.entries) == (paid, ())
    assert causes(change) == [Cause.OTHER_CONTENT]
    assert "was 144.00 CNY before, now 145.00 CNY" in change.cases[0].detail


@pytest.mark.parametrize("first", [1, 2])
def test_a_presale_is_paid_by_deposit_and_balance_in_either_order(first: int) -> None:
    partly = orders.capture_payment(presale(), capture("72.00", "one", part=first)).order
    assert partly.payment is Payment.PARTLY_PAID
    unpaid = next_unpaid(partly.plan, partly.captures)
    assert unpaid is not None
    assert unpaid.part == 3 - first
    whole = orders.capture_payment(partly, capture("72.00", "two", part=3 - first))
    assert whole.order.payment is Payment.PAID
    assert next_unpaid(whole.order.plan, whole.order.captures) is None
    assert whole.cases == ()


def test_a_deposit_paid_twice_does_not_pay_the_balance() -> None:
    twice = orders.capture_payment(
        orders.capture_payment(presale(), capture("72.00", "one")).order, capture("72.00", "two")
    )
    assert twice.order.payment is Payment.PARTLY_PAID
    assert causes(twice) == [Cause.SURPLUS_PAYMENT]


def test_each_part_carries_its_share_of_the_freight_to_the_fen() -> None:
    what = scenes.matched(order(parts=3, shipping="8.00"))
    freight = [what.freight_of(part.part) for part in what.plan]
    assert [each.decimal for each in freight] == ["2.67", "2.67", "2.66"]
    assert sum(freight, start=yuan("0")) == what.shipping
    change = orders.capture_payment(what, capture("48.00", part=3))
    assert postings(change)[0][1]["freight"] == "-2.66"


def test_money_that_came_before_its_order_is_matched_when_the_order_comes() -> None:
    early = (capture("144.00", "one"), capture("144.00", "two"), capture("9.00", "odd"))
    change = orders.place(order(), early)
    assert change.order.payment is Payment.PAID
    assert [each.matched for each in change.order.captures] == [True, False, False]
    assert postings(change) == [
        ("matched", {"held_apart": "144.00", "buyer_cash": "-136.00", "freight": "-8.00"}),
        ("refund_due", {"held_apart": "144.00", "refund_payable": "-144.00"}),
        ("refund_due", {"held_apart": "9.00", "refund_payable": "-9.00"}),
    ]
    assert causes(change) == [Cause.SURPLUS_PAYMENT, Cause.AMOUNT_MISMATCH]


def test_money_for_a_part_that_comes_after_the_end_is_booked_and_due_back() -> None:
    closed = ending.stop(scenes.matched()).order
    change = orders.capture_payment(closed, capture())
    assert (change.order.fulfilment, change.order.payment) == (Fulfilment.STOPPED, Payment.PAID)
    assert postings(change) == [
        ("captured", {"provider_receivable": "144.00", "buyer_cash": "-136.00", "freight": "-8.00"}),
        ("refund_due", {"buyer_cash": "136.00", "freight": "8.00", "refund_payable": "-144.00"}),
    ]
    assert causes(change) == [Cause.PAID_AFTER_CLOSE]
    assert not change.releases_stock


def test_odd_money_that_comes_after_the_end_is_due_back_too() -> None:
    change = orders.capture_payment(scenes.cancelled(scenes.paid()), capture("3.00", "odd"))
    assert postings(change) == [
        ("held_apart", {"provider_receivable": "3.00", "held_apart": "-3.00"}),
        ("refund_due", {"held_apart": "3.00", "refund_payable": "-3.00"}),
    ]
    assert causes(change) == [Cause.PAID_AFTER_CLOSE]


def test_money_of_another_currency_is_held_apart_and_does_not_keep_the_order_from_its_end() -> None:
    dollars = replace(capture("3.00", "odd"), amount=Money(300, "USD"))
    came = orders.capture_payment(scenes.paid(), dollars)
    assert (came.order.payment, [each.matched for each in came.order.captures]) == (Payment.PAID, [True, False])
    assert postings(came)[-1] == ("refund_due", {"held_apart": "3.00", "refund_payable": "-3.00"})
    change = ending.stop(came.order)
    assert [case.detail for case in change.cases] == ["144.00 CNY is due back to the buyer"]


def test_the_end_and_the_money_give_the_same_books_in_either_order() -> None:
    first_paid = ending.stop(scenes.paid()).order
    first_closed = scenes.paid(ending.stop(scenes.matched()).order)
    assert first_paid == first_closed


def test_paid_money_never_moves_an_order_that_goes_on() -> None:
    for stands in (scenes.pushed(), scenes.shipped(), scenes.completed()):
        after = orders.capture_payment(stands, capture("144.00", "second")).order
        assert replace(after, captures=stands.captures) == stands
