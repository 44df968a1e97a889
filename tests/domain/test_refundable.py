"""What a form offers is what a request may name: all of it is taken, one more is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.axis import Fulfilment, Payment
from domain.errors import RefundExceedsCeiling, RefundImpossible
from domain.money import total
from domain.order import Order
from domain.refund import Decision, Kind, Refund, decided, opened
from domain.refund_money import RefundRequest, Units
from domain.refundable import Offer, offers
from domain.stock import Demand
from tests.builders import line, order, parcel
from tests.domain.scenes import mixed_parcel
from tests.domain.test_refund import ALL, NOTHING, ONE, approved, arrived, asking

GIFT = line("2", "TEA-CUP", 1, "0", gift_of="1")
WITH_GIFT = replace(
    arrived(),
    lines=(line(), GIFT),
    demands=(*arrived().demands, Demand("2", "TEA-CUP", 1, NOTHING)),
    parcels=(mixed_parcel("P-1", {"1": 2, "2": 1}),),
)
AT_WAREHOUSE = replace(arrived(), fulfilment=Fulfilment.PUSHED, parcels=(), payment=Payment.PAID)
HALF_AWAY = replace(arrived(), fulfilment=Fulfilment.SHIPPED, parcels=(parcel(units=1),))
GIVEN = opened(arrived(), (), NOTHING, asking(ONE, "r0"))
STOPPING = opened(AT_WAREHOUSE, (), NOTHING, asking(ONE, "r0"))
CASES = {
    "delivered": (arrived(), (), [("leaves", {"1": 2}, "144.00")]),
    "one is asked for": (arrived(), (GIVEN,), [("leaves", {"1": 1}, "76.00")]),
    "that one was withdrawn": (arrived(), (decided(GIVEN, Decision.WITHDRAWN),), [("leaves", {"1": 2}, "144.00")]),
    "only freight is left": (arrived(), (approved(arrived(), replace(ALL, shipping=None)),), [("leaves", {}, "8.00")]),
    "nothing is left": (arrived(), (approved(arrived()),), []),
    "at the warehouse": (AT_WAREHOUSE, (), [("stops", {"1": 2}, "136.00")]),
    "one is being stopped": (AT_WAREHOUSE, (STOPPING,), [("stops", {"1": 1}, "68.00")]),
    "one has left": (HALF_AWAY, (), [("leaves", {"1": 1}, "76.00")]),
    "stopped": (replace(arrived(), fulfilment=Fulfilment.STOPPED), (), []),
    "not paid in full": (replace(AT_WAREHOUSE, payment=Payment.PARTLY_PAID), (), []),
    "with a gift": (WITH_GIFT, (), [("leaves", {"1": 2}, "144.00")]),
}
FOUND = [
    pytest.param(what, others, each, id=name)
    for name, (what, others, _) in CASES.items()
    for each in offers(what, others)
]


def said(offer: Offer) -> tuple[str, dict[str, int], str]:
    units = {each.line_id: each.units for each in offer.lines}
    return "stops" if offer.stops else "leaves", units, offer.most.decimal


def asked(offer: Offer, *, more: int = 0) -> RefundRequest:
    units = tuple(Units(each.line_id, each.units + more) for each in offer.lines)
    return RefundRequest(units, shipping=offer.shipping if offer.shipping.amount_minor else None)


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_is_offered(name: str) -> None:
    what, others, expected = CASES[name]
    assert [said(each) for each in offers(what, others)] == expected


@pytest.mark.parametrize(("what", "others", "offer"), FOUND)
def test_all_of_an_offer_is_taken_and_one_more_is_not(what: Order, others: Sequence[Refund], offer: Offer) -> None:
    taken = opened(what, others, NOTHING, asking(asked(offer)))
    assert (taken.amount, taken.goods == "to_stop") == (offer.most, offer.stops)
    assert total((each.cash for each in offer.lines), "CNY") + offer.shipping == offer.most
    if offer.lines:
        with pytest.raises((RefundExceedsCeiling, RefundImpossible)):
            opened(what, others, NOTHING, asking(asked(offer, more=1)))
    if offer.lines and not offer.stops:
        back = opened(what, others, NOTHING, asking(asked(offer), kind=Kind.RETURN))
        assert back.amount == offer.most


def test_an_order_without_payment_offers_nothing() -> None:
    assert offers(order(), ()) == ()
