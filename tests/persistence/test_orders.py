"""The record of orders: each transition, its repeat, and what the database refuses."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.axis import Fulfilment, Payment
from domain.limits import Limits
from domain.order import Stage
from persistence.audit import first_bad_entry
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from tests.builders import NOON, ORDER_ID, capture, parcel, placed, reported, settled, step

pytestmark = pytest.mark.slow


@pytest.fixture
def orders(record: AsyncEngine) -> PostgresOrders:
    clock = FixedClock(NOON)
    return PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())


async def count(record: AsyncEngine, table: str) -> int:
    async with record.connect() as db:
        return int((await db.execute(text(f"select count(*) from {table}"))).scalar_one())


async def test_an_order_goes_its_whole_way_and_its_chain_verifies(orders: PostgresOrders, record: AsyncEngine) -> None:
    await orders.place(placed())
    assert (await orders.record_payment(settled())).payment is Payment.PAID
    assert (await orders.reserve_stock(step())).fulfilment is Fulfilment.RESERVED
    view = await orders.report_parcel(reported())
    assert view.stage is Stage.SHIPPED
    view = await orders.report_parcel(reported(parcel(delivered=True)))
    assert view.delivered_at == NOON
    assert (await orders.complete(step())).stage is Stage.COMPLETED
    async with record.connect() as db:
        assert await first_bad_entry(db, str(ORDER_ID)) is None
        stock = (await db.execute(text("select on_hand, reserved from stock where sku = 'TEA-GREEN-250'"))).one()
    assert tuple(stock) == (998, 0)


async def test_every_step_repeated_writes_nothing_more(orders: PostgresOrders, record: AsyncEngine) -> None:
    tables = ("payments", "ledger_entries", "audit_log", "reservations", "order_lines")
    for _ in range(3):
        await orders.place(placed())
        await orders.record_payment(settled())
        await orders.reserve_stock(step())
        await orders.report_parcel(reported())
    assert [await count(record, table) for table in tables] == [1, 1, 3, 1, 1]


async def test_money_before_its_order_is_held_apart_and_matched_when_the_order_comes(
    orders: PostgresOrders, record: AsyncEngine
) -> None:
    early = await orders.record_payment(settled(capture("144.00")))
    assert not early.known
    assert (await orders.place(placed())).payment is Payment.PAID
    async with record.connect() as db:
        query = text("select account, sum(amount_minor) from ledger_postings group by 1 order by 1")
        sums = {row.account: row.sum for row in await db.execute(query)}
    assert sums == {"buyer_cash": -13600, "freight": -800, "held_apart": 0, "provider_receivable": 14400}
