"""What the record can't take becomes a case, whichever rule refuses it; an outage stays an exception."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.axis import Fulfilment, Payment
from domain.case import Cause
from domain.limits import Limits
from domain.money import Money
from domain.reference import OrderId
from persistence import stock
from persistence.audit import first_bad_entry
from persistence.customers import Customers
from persistence.engine import connect
from persistence.evidence import Arrival, Evidence, Verdict
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import OrderPlaced, PaymentSettled
from tests.builders import NOON, ORDER_ID, capture, line, order, placed, settled, step

pytestmark = pytest.mark.slow

NO_LINES = replace(order(), lines=())
STRANGER = order(OrderId("shop", "nobody", "1"))
NOTHING = settled(replace(capture(), amount=Money(0)))


@pytest.fixture
def orders(record: AsyncEngine) -> PostgresOrders:
    return records(record)


def records(engine: AsyncEngine) -> PostgresOrders:
    clock = FixedClock(NOON)
    return PostgresOrders(engine, Customers(b"k" * 32, clock), clock, Limits())


async def run(record: AsyncEngine, statement: str) -> None:
    async with record.begin() as db:
        await db.execute(text(statement))


async def rows(record: AsyncEngine, query: str) -> list[tuple[Any, ...]]:
    async with record.connect() as db:
        return [tuple(row) for row in await db.execute(text(query))]


async def evidence_of(record: AsyncEngine, order_id: OrderId) -> int:
    arrival = Arrival("alipay", "n-1", "payment.notice", b"it", Verdict.ACCEPTED, order_id=str(order_id))
    async with record.begin() as db:
        return await Evidence(b"k" * 32).keep(db, arrival, NOON)


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (placed(NO_LINES), "place: lines: give at least one line, each with its own line_id"),
        (placed(STRANGER), "place: the database refuses it by fk_orders_source_channel_shop_id"),
        (NOTHING, "record_payment: entry held_apart alipay/main/2026112222001 is off by 0.00 CNY"),
    ],
)
async def test_an_impossible_fact_is_a_case_that_holds_nobody_up_and_its_evidence_is_dealt_with(
    record: AsyncEngine, orders: PostgresOrders, fact: OrderPlaced | PaymentSettled, why: str
) -> None:
    event_id = await evidence_of(record, fact.order_id)
    told = replace(fact, event_ids=(event_id,))
    take = orders.place if isinstance(fact, OrderPlaced) else orders.record_payment
    for _ in range(2):  # a crashed task repeats its steps
        view = await take(told)  # type: ignore[arg-type]
        assert (view.known, view.cases, view.open_cases) == (False, (), 1)
    step_name = why.partition(":")[0]
    expected = [(str(fact.order_id), Cause.IMPOSSIBLE_FACT.value, f"{step_name} {event_id}", why)]
    assert await rows(record, "select order_id, cause, subject, detail from cases") == expected
    assert await rows(record, "select step, caused_by, change -> 'refused' from audit_log") == [
        (step_name, [event_id], why)
    ]
    assert await rows(record, "select count(*) from inbound_events where applied_at is null") == [(0,)]
    assert await rows(record, "select (select count(*) from orders), (select count(*) from payments)") == [(0, 0)]
    async with record.connect() as db:
        assert await first_bad_entry(db, str(fact.order_id)) is None


async def test_the_order_goes_on_without_the_impossible_fact(orders: PostgresOrders) -> None:
    await orders.place(placed())
    view = await orders.record_payment(NOTHING)
    assert (view.payment, view.open_cases) == (Payment.UNPAID, 1)
    assert (await orders.record_payment(settled(capture(trade_no="real")))).payment is Payment.PAID


async def test_a_trade_that_is_booked_for_another_order_is_a_case(record: AsyncEngine, orders: PostgresOrders) -> None:
    await orders.record_payment(settled())
    other = OrderId("shop", "tea", "1002")
    await orders.place(placed(order(other)))
    view = await orders.record_payment(settled(order_id=other))
    assert (view.payment, view.open_cases) == (Payment.UNPAID, 1)
    assert await rows(record, "select detail from cases") == [
        ("record_payment: the database refuses it by uq_payments_provider_account_trade_no",)
    ]


async def test_more_units_than_can_be_counted_are_a_case_and_nothing_is_written(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    async with record.begin() as db:
        await stock.add_match(db, ("shop", "tea", "CRATE"), [{"sku": "TIN", "quantity": 999_999}], NOON)
    view = await orders.place(placed(order(lines=(line(sku="CRATE", quantity=100_000, price="0.01"),))))
    assert not view.known
    assert await rows(record, "select detail from cases") == [
        ("place: the database refuses it by NumericValueOutOfRange",)
    ]
    assert await rows(record, "select count(*) from orders") == [(0,)]


async def test_a_refused_step_waits_for_a_person_and_goes_on_once_mended(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    """And what is wrong with the goods does not cost us the money."""
    await orders.place(placed(order(lines=(line(sku="NEW"),))))
    async with record.begin() as db:
        await stock.add_match(db, ("shop", "tea", "NEW"), [{"sku": "TEA-CUP", "quantity": 0}], NOON)
    view = await orders.record_payment(settled())
    assert (view.payment, view.fulfilment, view.cases) == (Payment.PAID, Fulfilment.WAITING, ())
    for _ in range(2):
        view = await orders.reserve_stock(step())
        assert [case.cause for case in view.cases] == [Cause.STEP_REFUSED]
    assert await rows(record, "select count(*) from audit_log where step = 'reserve_stock'") == [(1,)]
    async with record.begin() as db:
        await stock.add_match(db, ("shop", "tea", "NEW"), [{"sku": "TEA-CUP", "quantity": 1}], NOON)
    view = await orders.reserve_stock(step())
    assert (view.fulfilment, view.cases, view.open_cases) == (Fulfilment.RESERVED, (), 0)
    assert await rows(record, "select choice, decided_by from cases") == [("close", "workflow")]


async def test_a_step_of_an_order_that_the_record_lost_waits_for_a_person(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    view = await orders.stop(step())
    assert (view.known, [case.cause for case in view.cases]) == (False, [Cause.STEP_REFUSED])
    assert await rows(record, "select detail from cases") == [("stop: the record does not hold this order any more",)]


async def test_money_that_several_tasks_book_at_once_before_its_order_is_no_case(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    """No row could be locked: who comes second is refused by the database, and finds the row at its second look."""
    views = await asyncio.gather(*(orders.record_payment(settled()) for _ in range(5)))
    assert {view.open_cases for view in views} == {0}
    assert await rows(record, "select count(*) from payments") == [(1,)]
    assert (await orders.place(placed())).payment is Payment.PAID


async def test_an_outage_is_an_exception() -> None:
    away = connect("postgresql://nobody@127.0.0.1:1/nothing")
    for attempt in (records(away).place(placed()), records(away).stop(step())):
        with pytest.raises(OperationalError):
            await attempt
    await away.dispose()


def test_the_record_names_the_order_that_each_fact_is_about() -> None:
    assert placed().order_id == ORDER_ID
