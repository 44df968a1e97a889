"""Asked anew after a no: which earlier request it is another version of."""

from dataclasses import replace
from typing import Any

import pytest

from domain.asked_again import followed
from domain.refund import Basis, Decision, Goods, Refund, decided, opened, refused_at_once
from domain.refund_money import RefundRequest, Units
from tests.builders import yuan
from tests.domain.test_refund import NOTHING, arrived, asking

ONE, FREIGHT = RefundRequest(units=(Units("1", 1),)), RefundRequest(shipping=yuan("8.00"))


def asked(refund_id: str, request: RefundRequest = ONE, **more: Any) -> Refund:
    return replace(opened(arrived(), (), NOTHING, asking(request)), refund_id=refund_id, **more)


def no(refund: Refund, decision: Decision = Decision.REFUSED) -> Refund:
    return decided(refund, decision)


@pytest.mark.parametrize(
    ("earlier", "wanted"),
    [
        ([no(asked("r1"))], "r1"),
        ([no(asked("r1"), Decision.WITHDRAWN)], "r1"),
        ([no(asked("r1")), no(asked("r2"))], "r2"),
        ([asked("r1", decision=Decision.APPROVED, goods=Goods.NOT_BACK)], "r1"),
        ([asked("r1")], None),  # still open
        ([decided(asked("r1"), Decision.APPROVED)], None),
        ([no(asked("r1", applicant="bob"))], None),
        ([no(asked("r1", FREIGHT))], None),
        ([no(asked("r1", basis=Basis.DUE))], None),
        ([refused_at_once(asking(ONE), "CNY", "too much")], None),
        ([], None),
    ],
)
def test_a_request_follows_the_last_one_about_the_same_that_came_to_nothing(
    earlier: list[Refund], wanted: str | None
) -> None:
    found = followed(asked("new"), earlier)
    assert (found and found.refund_id) == wanted


def test_requests_without_goods_follow_one_another_and_one_that_is_refused_at_once_follows_nothing() -> None:
    found = followed(asked("new", FREIGHT), [no(asked("r1", FREIGHT))])
    assert found is not None
    assert found.refund_id == "r1"
    assert followed(refused_at_once(asking(ONE), "CNY", "too much"), [no(asked("r1"))]) is None
