"""Who is told what of a refund: nobody twice, buyers of marketplaces never, and never a name or an address."""

from dataclasses import replace

import pytest

from domain.approval import Mode, StepPlan, TaskState, start
from domain.money import Money
from domain.news import Audience, News, Topic, for_customer, for_signers
from domain.news_words import in_words
from domain.reference import OrderId
from domain.refund import Basis, Decision, Goods, Kind, Refund, Repayment
from domain.refund_leg import Leg, LegState
from domain.refund_money import Adjustment, Quote
from tests.builders import NOON, ORDER_ID, yuan

OPENED = Refund(
    "r1", ORDER_ID, "c-17", Kind.REFUND_ONLY, Basis.SALE, Quote((), (Adjustment(yuan("12.00")),), yuan("0.00"))
)
ELSEWHERE = OrderId("bazaar", "tea", "1001")
BACK = replace(
    OPENED,
    decision=Decision.APPROVED,
    repayment=Repayment.BACK,
    legs=(Leg(1, ("alipay", "main", "T1"), yuan("12.00"), yuan("0.00"), "tea_1001_r1_1", LegState.DONE),),
)
REFUSED = replace(OPENED, decision=Decision.REFUSED)
WITHDRAWN = replace(OPENED, decision=Decision.WITHDRAWN)
NOT_SENT = replace(OPENED, decision=Decision.APPROVED, goods=Goods.NOT_BACK)
APPROVED = replace(OPENED, decision=Decision.APPROVED)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, OPENED, [("refund_opened", "12.00 CNY")]),
        (None, REFUSED, []),
        (OPENED, OPENED, []),
        (OPENED, APPROVED, []),
        (OPENED, REFUSED, [("refund_refused", "12.00 CNY")]),
        (APPROVED, BACK, [("refund_paid_back", "12.00 CNY")]),
        (BACK, BACK, []),
        (OPENED, WITHDRAWN, [("refund_ended", "0.00 CNY")]),
        (APPROVED, NOT_SENT, [("refund_ended", "0.00 CNY")]),
    ],
)
def test_the_customer_hears_that_it_was_opened_and_how_it_ended(
    before: Refund | None, after: Refund, expected: list[tuple[str, str]]
) -> None:
    told = for_customer(before, after)
    assert [(each.topic, str(each.amount)) for each in told] == expected
    assert {(each.audience, each.recipient) for each in told} <= {(Audience.CUSTOMER, str(ORDER_ID))}


@pytest.mark.parametrize(("before", "after"), [(None, OPENED), (OPENED, REFUSED), (APPROVED, BACK)])
def test_buyers_of_a_marketplace_hear_from_their_platform_alone(before: Refund | None, after: Refund) -> None:
    there = None if before is None else replace(before, order_id=ELSEWHERE)
    assert for_customer(there, replace(after, order_id=ELSEWHERE)) == ()


def test_whoever_signs_is_told_when_his_turn_comes_and_not_before() -> None:
    steps = (StepPlan("support", Mode.ALL, ("lin", "mei")), StepPlan("finance", Mode.ANY, ("wu",)))
    asked = start("c-17", yuan("12.00"), steps, NOON)
    first = for_signers(OPENED, None, asked, 1)
    assert [(each.recipient, each.topic) for each in first] == [("lin", Topic.TO_SIGN), ("mei", Topic.TO_SIGN)]
    assert for_signers(OPENED, asked, asked, 2) == ()
    moved = replace(asked, tasks=(replace(asked.tasks[0], signer="wu"), *asked.tasks[1:]))
    assert [each.recipient for each in for_signers(OPENED, asked, moved, 2)] == ["wu"]
    ended = replace(asked, tasks=tuple(replace(each, state=TaskState.CLOSED) for each in asked.tasks))
    assert for_signers(OPENED, asked, ended, 2) == ()


def test_an_id_follows_from_what_happened_and_who_hears_of_it() -> None:
    piece = for_customer(None, OPENED)[0]
    assert piece.id == for_customer(None, OPENED)[0].id
    assert len({piece.id, replace(piece, recipient="x").id, replace(piece, event="y").id}) == 3


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_has_words_that_name_the_order_and_the_amount(topic: Topic) -> None:
    piece = News(topic, "e", Audience.STAFF, "lin", "shop/tea/1001", "r1", Money(1200))
    assert in_words(piece).endswith(": 1001, 12.00 CNY")
    assert in_words(replace(piece, order_id=None, refund_id=None, amount=None))
