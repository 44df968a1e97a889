"""The contract of ports/after_sales.py, run on the bazaar's adapter and on the fake alike; then the adapter's alone."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI

from adapters.channels.bazaar import Bazaar, BazaarAccess
from adapters.standard_webhooks import StandardWebhooks
from domain.after_sale import AfterSale, DecidedBy, SaleState
from domain.money import Money
from domain.reference import OrderId, ShopId
from domain.refund_money import Units
from drill.virtual.fake_platform import FakePlatform
from ports.after_sales import AfterSales, SaleOrder, SaleOutcome
from ports.clock import FixedClock
from ports.errors import MessageRefused, RefusalReason, Unavailable
from ports.messages import RawMessage
from sandbox.bazaar import after_sales as there
from sandbox.bazaar.house import Bazaar as PretendBazaar
from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import Fault, FaultBook, Place, Planted
from sandbox.pace import Pace

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
DEADLINE = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
SECRET, NEXT = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
NUMBER, AMOUNT = "AS-1", Money(6800)
ORDER = SaleOrder(OrderId("bazaar", "tea", "2001"), NUMBER, AMOUNT, "refund/bazaar-tea-AS-1/agree", "the photo")


class Side(Protocol):
    platform: AfterSales

    def closes(self) -> None:
        """The buyer withdraws."""

    def loses_an_answer(self) -> None:
        """The next word has its effect, and its answer never comes."""


class TheFake:
    def __init__(self) -> None:
        self.platform = FakePlatform(FixedClock(NOW), pays=False)
        self.platform.opens(NUMBER, AMOUNT, DEADLINE)

    def closes(self) -> None:
        self.platform.moves(NUMBER, SaleState.CLOSED, DecidedBy.BUYER)

    def loses_an_answer(self) -> None:
        self.platform.script = [SaleOutcome.UNKNOWN]


class TheBazaar:
    def __init__(self) -> None:
        self.faults = FaultBook()
        nobody = httpx.MockTransport(lambda _: httpx.Response(204))
        courier = Courier(["http://lockstep"], Pace(1.0), nobody)
        self.there = PretendBazaar("token", SECRET, self.faults, courier, Crew())
        self.sale = there.AfterSale(NUMBER, "tea", "2001", 6800, 0, {"1": 1}, "damaged", DEADLINE)
        self.there.sales[NUMBER] = self.sale
        app = FastAPI()
        app.include_router(self.there.routes())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False))
        access = BazaarAccess("http://bazaar/bazaar/v1", "token", (SECRET,))
        self.platform: AfterSales = Bazaar(ShopId("bazaar", "tea"), access, client, FixedClock(NOW))

    def closes(self) -> None:
        self.sale.decide(there.CLOSED, there.BUYER)

    def loses_an_answer(self) -> None:
        self.faults.plant(Planted(Place.BAZAAR, Fault.LATE_ERROR, NUMBER))


@pytest.fixture(params=[TheFake, TheBazaar], ids=["fake", "bazaar"])
async def side(request: pytest.FixtureRequest) -> Side:
    made: Side = request.param()
    return made


async def stands(side: Side) -> AfterSale:
    answer = await side.platform.ask(ORDER)
    assert (answer.outcome, answer.sale is not None) == (SaleOutcome.TAKEN, True)
    assert answer.sale is not None
    return answer.sale


async def test_what_the_buyer_asks_is_told_whole(side: Side) -> None:
    assert await stands(side) == AfterSale(NUMBER, 1, SaleState.ASKED, AMOUNT, DEADLINE, 1)


async def test_an_agree_is_taken_once_however_often_it_is_said(side: Side) -> None:
    first, second = await side.platform.agree(ORDER), await side.platform.agree(ORDER)
    assert {first.outcome, second.outcome} == {SaleOutcome.TAKEN}
    sale = await stands(side)
    assert (sale.state, sale.decided_by, sale.revision) == (SaleState.AGREED, DecidedBy.MERCHANT, 2)


async def test_of_another_amount_nothing_is_agreed(side: Side) -> None:
    answer = await side.platform.agree(replace(ORDER, amount=Money(6900)))
    assert (answer.outcome, bool(answer.code)) == (SaleOutcome.REFUSED, True)
    assert (await stands(side)).state is SaleState.ASKED


async def test_a_refusal_is_taken_and_an_agree_after_it_is_not(side: Side) -> None:
    assert (await side.platform.refuse(ORDER)).outcome is SaleOutcome.TAKEN
    assert (await side.platform.agree(replace(ORDER, transaction_id="other"))).outcome is SaleOutcome.REFUSED
    assert (await stands(side)).state is SaleState.REFUSED


@pytest.mark.parametrize("verb", ["agree", "refuse"])
async def test_what_the_buyer_withdrew_is_refused_and_its_state_told(side: Side, verb: str) -> None:
    side.closes()
    answer = await getattr(side.platform, verb)(ORDER)
    assert answer.outcome is SaleOutcome.REFUSED
    assert answer.sale.state is SaleState.CLOSED


async def test_more_time_is_granted_as_often_as_it_says(side: Side) -> None:
    granted = await side.platform.extend(ORDER)
    assert granted.outcome is SaleOutcome.TAKEN
    assert (await stands(side)).deadline == DEADLINE + timedelta(hours=24)
    again = await side.platform.extend(replace(ORDER, transaction_id="once more"))
    assert again.outcome is SaleOutcome.REFUSED


async def test_an_answer_that_is_lost_is_unknown_and_a_question_tells(side: Side) -> None:
    side.loses_an_answer()
    assert (await side.platform.agree(ORDER)).outcome is SaleOutcome.UNKNOWN
    assert (await stands(side)).state is SaleState.AGREED


# The adapter alone


def bazaar(say: Callable[[httpx.Request], httpx.Response], *secrets: str) -> Bazaar:
    client = httpx.AsyncClient(transport=httpx.MockTransport(say))
    access = BazaarAccess("http://bazaar/v1/", "token", secrets or (SECRET,))
    return Bazaar(ShopId("bazaar", "tea"), access, client, FixedClock(NOW))


def _cut(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut")


def _nobody(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody")


def wire(**changes: Any) -> dict[str, Any]:
    sale = there.AfterSale(NUMBER, "tea", "2001", 6800, 0, {"1": 1}, "damaged", DEADLINE)
    return sale.wire() | changes


@pytest.mark.parametrize(
    "say",
    [
        _cut,
        lambda _: httpx.Response(503),
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(401, json={"code": "unauthorized"}),
        lambda _: httpx.Response(200, json={"code": "ok", "after_sale": wire(after_sale_no="AS-2")}),
    ],
)
async def test_what_proves_nothing_is_unknown_for_a_word(say: Callable[[httpx.Request], httpx.Response]) -> None:
    assert (await bazaar(say).agree(ORDER)).outcome is SaleOutcome.UNKNOWN


async def test_where_nobody_was_there_to_hear_it_is_an_outage() -> None:
    with pytest.raises(Unavailable):
        await bazaar(_nobody).agree(ORDER)


@dataclass(frozen=True)
class Letter:
    secret: str = SECRET
    shop_id: str = "tea"
    at: datetime = NOW

    def message(self, **changes: Any) -> RawMessage:
        told = {"type": "after_sale.changed", "shop_id": self.shop_id, "after_sale": wire(**changes)}
        body = json.dumps(told).encode()
        return RawMessage(StandardWebhooks((self.secret,), FixedClock(self.at)).headers("msg_1", body), body)


def test_a_genuine_word_says_what_is_asked_and_how_it_stands() -> None:
    event = bazaar(_nobody, NEXT, SECRET).read_event(Letter().message(freight_minor=800))
    assert (event.event_id, event.order_id, event.units) == ("msg_1", ORDER.order_id, (Units("1", 1),))
    assert (event.sale.amount, event.freight, event.sale.deadline) == (AMOUNT, Money(800), DEADLINE)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Letter(NEXT).message(), RefusalReason.SIGNATURE),
        (Letter(at=NOW - timedelta(hours=1)).message(), RefusalReason.STALE),
        (Letter(shop_id="other").message(), RefusalReason.SELLER),
        (Letter().message(state="lost"), RefusalReason.MALFORMED),
        (Letter().message(amount_minor=0), RefusalReason.MALFORMED),
        (Letter().message(deadline="2026-11-23T18:00:00"), RefusalReason.MALFORMED),
        (Letter().message(order_no="../1"), RefusalReason.MALFORMED),
        (RawMessage({}, b"{}"), RefusalReason.MALFORMED),
    ],
)
def test_what_is_not_what_it_claims_to_be_is_refused_by_name(message: RawMessage, reason: RefusalReason) -> None:
    with pytest.raises(MessageRefused) as refused:
        bazaar(_nobody).read_event(message)
    assert refused.value.reason is reason
