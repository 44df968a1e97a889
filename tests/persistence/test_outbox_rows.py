"""Who changes what is available of a sku leaves an outbox row in the same transaction, and nobody else does."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import Cause
from domain.limits import Limits
from domain.stock import Demand
from persistence import stock
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import CancelRequested
from tests.builders import NOON, ORDER_ID, capture, line, order, parcel, placed, reported, settled, step, yuan

pytestmark = pytest.mark.slow

TEA, CUP = "TEA-GREEN-250", "CUP-WHITE"
Rows = list[tuple[str, dict[str, int]]]


@pytest.fixture
def orders(record: AsyncEngine) -> PostgresOrders:
    clock = FixedClock(NOON)
    return PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())


async def written(record: AsyncEngine) -> Rows:
    """Subject and payload of the rows since the last look."""
    async with record.begin() as db:
        rows = list(await db.execute(text("delete from outbox returning seq, kind, subject, payload, sent_at")))
    assert all((row.kind, row.sent_at) == ("stock_level", None) for row in rows)
    return [(row.subject, row.payload) for row in sorted(rows)]


async def changed(record: AsyncEngine, *changes: Callable[[AsyncConnection], Awaitable[object]]) -> Rows:
    async with record.begin() as db:
        for change in changes:
            await change(db)
    return await written(record)


async def test_each_step_of_an_order_tells_once_what_became_available(
    orders: PostgresOrders, record: AsyncEngine
) -> None:
    told: dict[str, list[Rows]] = {}
    for _ in range(2):
        await orders.place(placed())
        await orders.record_payment(settled())
        told.setdefault("paid", []).append(await written(record))
        await orders.reserve_stock(step())
        told.setdefault("reserved", []).append(await written(record))
        await orders.report_parcel(reported(parcel(units=1)))
        await orders.report_parcel(reported(parcel("P-2", units=1)))
        told.setdefault("shipped", []).append(await written(record))
    assert told == {"paid": [[(TEA, {"available": 998})], []], "reserved": [[], []], "shipped": [[], []]}


async def test_what_a_stopped_order_frees_is_told_once(orders: PostgresOrders, record: AsyncEngine) -> None:
    await orders.place(placed())
    await orders.record_payment(settled())
    await orders.reserve_stock(step())
    assert await written(record) == [(TEA, {"available": 998})]
    await orders.request_cancellation(CancelRequested(ORDER_ID, "buyer", "other wishes"))
    for freed in ([(TEA, {"available": 1000})], []):
        await orders.stop(step())
        assert await written(record) == freed


async def test_goods_that_leave_after_all_are_told_as_missing(orders: PostgresOrders, record: AsyncEngine) -> None:
    await orders.place(placed())
    await orders.record_payment(settled())
    await orders.reserve_stock(step())
    await orders.request_cancellation(CancelRequested(ORDER_ID, "buyer", "other wishes"))
    await orders.stop(step())
    await written(record)
    gone = [Demand("1", TEA, 2, yuan("0"))]
    assert await changed(record, lambda db: stock.ship(db, str(ORDER_ID), gone)) == [(TEA, {"available": 998})]
    assert await changed(record, lambda db: stock.ship(db, str(ORDER_ID), gone)) == []


async def test_a_shortage_reserves_nothing_and_tells_nothing(orders: PostgresOrders, record: AsyncEngine) -> None:
    await orders.place(placed(order(lines=(line(quantity=1001),))))
    await orders.record_payment(settled(capture("68076.00")))
    await written(record)
    assert [case.cause for case in (await orders.reserve_stock(step())).cases] == [Cause.OUT_OF_STOCK]
    assert await written(record) == []


async def test_a_counted_level_is_told_when_it_is_another_one(orders: PostgresOrders, record: AsyncEngine) -> None:
    del orders
    assert await changed(record, lambda db: stock.set_level(db, TEA, 7)) == [(TEA, {"available": 7})]
    assert await changed(record, lambda db: stock.set_level(db, TEA, 7)) == []
    assert await changed(record, lambda db: stock.set_level(db, "NEW", 0)) == [("NEW", {"available": 0})]


async def test_what_is_rolled_back_is_not_told(orders: PostgresOrders, record: AsyncEngine) -> None:
    await orders.place(placed())
    await orders.reserve_stock(step())
    await written(record)
    with pytest.raises(IntegrityError):
        await changed(record, lambda db: stock.set_level(db, CUP, 7), lambda db: stock.set_level(db, TEA, 1))
    assert await written(record) == []


async def test_a_new_match_is_told_like_a_new_level(orders: PostgresOrders, record: AsyncEngine) -> None:
    del orders
    key, parts = ("shop", "tea", "TEA-BOX"), [{"sku": CUP, "quantity": 2, "price_weight": 1}]
    assert await changed(record, lambda db: stock.add_match(db, key, parts, NOON)) == [(CUP, {"match": 1})]
    assert await changed(record, lambda db: stock.add_match(db, key, parts, NOON)) == [(CUP, {"match": 2})]


async def test_a_level_changed_by_hand_is_told_too(orders: PostgresOrders, record: AsyncEngine) -> None:
    del orders
    by_hand = text(f"update stock set on_hand = on_hand - 1, reserved = 3 where sku = '{TEA}'")
    assert await changed(record, lambda db: db.execute(by_hand)) == [(TEA, {"available": 996})]
