"""The contract of ports/warehouse.py, written once for the adapter and for whatever stands in for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.returns import ReturnedGoods
from ports.errors import AnswerNotUnderstood, MessageRefused, Unavailable
from ports.warehouse import (
    ExpectedReturn,
    HoldAnswer,
    HoldOutcome,
    ParcelEvent,
    ParcelEventKind,
    ParcelLine,
    PushAnswer,
    PushLine,
    PushOutcome,
    PushRequest,
    Recipient,
    ReturnEvent,
    StockLevel,
    StopAnswer,
    StopOutcome,
)
from tests.contracts.warehouse_under_test import NOWHERE, HttpWarehouseUnderTest, WarehouseUnderTest

WAREHOUSES: tuple[Callable[[], WarehouseUnderTest], ...] = (HttpWarehouseUnderTest,)

REFERENCE = "shop.tea.1001"
REQUEST = PushRequest(
    reference=REFERENCE,
    transaction_id="order/shop/tea/1001/push",
    recipient=Recipient("李雷", "13800000000", "浙江省", "杭州市", "西湖区", "龙井路 1 号"),
    lines=(PushLine("1", "TEA-1", 2), PushLine("2", "CUP-1", 1)),
    note="易碎",
)
STOP, HOLD, RESUME = (f"order/shop/tea/1001/{verb}" for verb in ("stop", "hold", "resume"))
EVENT: dict[str, Any] = {
    "type": "parcel.shipped",
    "reference": REFERENCE,
    "parcel_no": "P-1",
    "carrier": "sf",
    "waybill_no": "SF100001",
    "lines": [{"line_id": "1", "quantity": 2}],
    "occurred_at": "2026-11-22T10:00:00+08:00",
}


@pytest.fixture(params=WAREHOUSES, ids=lambda side: side.__name__)
def side(request: pytest.FixtureRequest) -> WarehouseUnderTest:
    made: WarehouseUnderTest = request.param()
    made.stock_up("TEA-1", 10)
    made.stock_up("CUP-1", 10)
    return made


async def test_a_push_is_accepted_once_however_often_it_comes(side: WarehouseUnderTest) -> None:
    first = await side.warehouse.push(REQUEST)
    assert first.outcome is PushOutcome.ACCEPTED
    assert first.outbound_no
    assert await side.warehouse.push(REQUEST) == first


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lines": (PushLine("1", "TEA-9", 1),)}, "unknown_sku"),
        ({"recipient": replace(REQUEST.recipient, district=NOWHERE)}, "address_rejected"),
        ({"lines": (PushLine("1", "TEA-1", 11),)}, "out_of_stock"),
    ],
)
async def test_a_refused_push_says_why(side: WarehouseUnderTest, changes: dict[str, Any], reason: str) -> None:
    assert await side.warehouse.push(replace(REQUEST, **changes)) == PushAnswer(PushOutcome.REFUSED, reason=reason)


async def test_other_goods_under_the_same_reference_are_neither_accepted_nor_refused(side: WarehouseUnderTest) -> None:
    await side.warehouse.push(REQUEST)
    with pytest.raises(AnswerNotUnderstood, match="different_content"):
        await side.warehouse.push(replace(REQUEST, note="changed"))


async def test_a_stop_before_the_push_keeps_the_order_from_ever_leaving(side: WarehouseUnderTest) -> None:
    assert await side.warehouse.stop(REFERENCE, STOP) == StopAnswer(StopOutcome.STOPPED)
    assert await side.warehouse.push(REQUEST) == PushAnswer(PushOutcome.STOPPED)


async def test_a_stop_after_the_push_holds_for_its_repeats(side: WarehouseUnderTest) -> None:
    await side.warehouse.push(REQUEST)
    for _ in range(2):
        assert await side.warehouse.stop(REFERENCE, STOP) == StopAnswer(StopOutcome.STOPPED)
    assert await side.warehouse.push(REQUEST) == PushAnswer(PushOutcome.STOPPED)


async def test_a_pause_and_its_end(side: WarehouseUnderTest) -> None:
    await side.warehouse.push(REQUEST)
    assert await side.warehouse.hold(REFERENCE, HOLD) == HoldAnswer(HoldOutcome.HELD)
    assert await side.warehouse.resume(REFERENCE, RESUME) == HoldAnswer(HoldOutcome.RELEASED)


async def test_what_has_left_cannot_be_held_up(side: WarehouseUnderTest) -> None:
    await side.warehouse.push(REQUEST)
    side.ship(REFERENCE)
    assert await side.warehouse.stop(REFERENCE, STOP) == StopAnswer(StopOutcome.TOO_LATE)
    assert await side.warehouse.hold(REFERENCE, HOLD) == HoldAnswer(HoldOutcome.TOO_LATE)
    assert await side.warehouse.resume(REFERENCE, RESUME) == HoldAnswer(HoldOutcome.TOO_LATE)


async def test_an_unknown_order_cannot_be_paused(side: WarehouseUnderTest) -> None:
    assert await side.warehouse.hold(REFERENCE, HOLD) == HoldAnswer(HoldOutcome.NOT_FOUND)
    assert await side.warehouse.resume(REFERENCE, RESUME) == HoldAnswer(HoldOutcome.NOT_FOUND)


async def test_stock_leaves_out_what_is_not_known(side: WarehouseUnderTest) -> None:
    side.stock_up("茶 & 杯", 0)
    assert await side.warehouse.stock(("TEA-1", "TEA-9", "茶 & 杯")) == (
        StockLevel("TEA-1", 10),
        StockLevel("茶 & 杯", 0),
    )
    assert await side.warehouse.stock(()) == ()


async def test_stock_of_many(side: WarehouseUnderTest) -> None:
    skus = tuple(f"SKU-{n}" for n in range(120))
    for n, sku in enumerate(skus):
        side.stock_up(sku, n)
    assert await side.warehouse.stock(skus) == tuple(StockLevel(sku, n) for n, sku in enumerate(skus))


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_lost_answer_is_an_outage_and_the_repeat_has_one_effect(
    side: WarehouseUnderTest, *, after_effect: bool
) -> None:
    side.fail(after_effect=after_effect)
    with pytest.raises(Unavailable):
        await side.warehouse.push(REQUEST)
    assert (await side.warehouse.push(REQUEST)).outcome is PushOutcome.ACCEPTED
    side.fail(after_effect=after_effect)
    with pytest.raises(Unavailable):
        await side.warehouse.stop(REFERENCE, STOP)
    assert await side.warehouse.stop(REFERENCE, STOP) == StopAnswer(StopOutcome.STOPPED)


@pytest.mark.parametrize("kind", ParcelEventKind)
def test_an_event_is_read_as_what_it_tells(side: WarehouseUnderTest, kind: ParcelEventKind) -> None:
    message = side.told({**EVENT, "type": kind, "new_field": 1})
    assert side.warehouse.read_event(message) == ParcelEvent(
        event_id="evt-1",
        kind=kind,
        reference=REFERENCE,
        parcel_no="P-1",
        carrier="sf",
        waybill_no="SF100001",
        lines=(ParcelLine("1", 2),),
        occurred_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    )


def test_no_flipped_bit_of_an_event_is_believed(side: WarehouseUnderTest) -> None:
    message = side.told(EVENT)
    for place in range(len(message.body)):
        for bit in range(8):
            flipped = message.body[:place] + bytes([message.body[place] ^ 1 << bit]) + message.body[place + 1 :]
            with pytest.raises(MessageRefused):
                side.warehouse.read_event(replace(message, body=flipped))


async def test_goods_that_come_back_are_announced_once_and_told_of_by_line(side: WarehouseUnderTest) -> None:
    coming = ExpectedReturn("r1", "refund/r1/expect_return", REFERENCE, "sf", "SF-B1", (PushLine("1", "TEA-1", 2),))
    await side.warehouse.expect_return(coming)
    await side.warehouse.expect_return(coming)
    with pytest.raises(AnswerNotUnderstood, match="different_content"):
        await side.warehouse.expect_return(replace(coming, waybill_no="SF-B2"))
    lines = [{"line_id": "1", "good": 1, "damaged": 1}]
    told = {"type": "return.received", "reference": "r1", "lines": lines, "occurred_at": EVENT["occurred_at"]}
    event = side.warehouse.read_event(side.told(told))
    assert isinstance(event, ReturnEvent)
    assert (event.reference, event.goods) == ("r1", (ReturnedGoods("1", 1, 1),))
