"""The record of an order that goes out in parts: each step and its repeat, and rows from before there were parts."""

from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.case import CaseDecision, Choice
from domain.limits import Limits
from persistence import reports
from persistence.audit import first_bad_entry
from persistence.customers import Customers
from persistence.engine import connect
from persistence.migrate import alembic_config, migrate
from persistence.orders import NothingToPush, PostgresOrders
from ports.clock import FixedClock
from ports.records import CancelledTooLate, CaseSettled, OrderStep, PushRecorded
from ports.warehouse import Recipient
from runtime.embedded import EmbeddedPostgres
from tests.builders import NOON, ORDER_ID, parcel, placed, reported, settled, step
from tests.persistence.test_guards import rows, run

pytestmark = pytest.mark.slow

TABLES = ("outbound_orders", "reservations", "ledger_entries", "audit_log", "cases", "outbox")


@pytest.fixture
async def orders(record: AsyncEngine) -> PostgresOrders:
    """Two packs of tea are paid, one is there."""
    customers = Customers(b"k" * 32, FixedClock(NOON))
    orders = PostgresOrders(record, customers, FixedClock(NOON), Limits())
    await run(record, "update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    async with record.begin() as db:
        sealed = await customers.seal_recipient(db, "c-17", Recipient("n", "1", "p", "c", "d", "x"))
        note = await customers.seal_note(db, "c-17", "")
    await orders.place(replace(placed(), recipient=sealed, customer_note=note))
    await orders.record_payment(settled())
    return orders


async def decided(orders: PostgresOrders, choice: Choice, case_id: str | None = None) -> str:
    """The open case of short stock is decided; its id is the answer."""
    case_id = case_id or (await orders.reserve_stock(step())).cases[0].case_id
    await orders.settle_case(CaseSettled(ORDER_ID, CaseDecision(case_id, choice, "lin", "it was agreed")))
    return case_id


def of(number: int) -> OrderStep:
    return OrderStep(ORDER_ID, "push" if number == 1 else f"push/{number}", number)


async def pushed(orders: PostgresOrders, number: int = 1) -> None:
    await orders.reserve_stock(step())
    await orders.record_push(PushRecorded(ORDER_ID, of(number).transaction_id, f"OB{number}", outbound=number))


async def sent_ahead(orders: PostgresOrders) -> None:
    await decided(orders, Choice.SPLIT)
    await pushed(orders)
    await orders.reserve_stock(step())


async def restocked(record: AsyncEngine) -> None:
    await run(record, "update stock set on_hand = on_hand + 1 where sku = 'TEA-GREEN-250'")


async def counts(record: AsyncEngine) -> list[Any]:
    return [(await rows(record, f"select count(*) from {table}"))[0][0] for table in TABLES]


async def contents(orders: PostgresOrders, number: int) -> list[tuple[str, int]]:
    return [(each.line_id, each.quantity) for each in (await orders.push_request(of(number))).lines]


async def test_every_step_of_a_split_order_repeated_writes_nothing_more(
    orders: PostgresOrders, record: AsyncEngine
) -> None:
    split = await decided(orders, Choice.SPLIT)
    await pushed(orders)
    given_up = await decided(orders, Choice.CANCEL)
    after = await counts(record)
    for _ in range(2):
        await decided(orders, Choice.SPLIT, split)
        await pushed(orders)
        await decided(orders, Choice.CANCEL, given_up)
    assert await counts(record) == after
    assert await rows(record, "select split, refund_due_minor from orders join order_money on order_id = id") == [
        (False, 6800)
    ]
    async with record.connect() as db:
        assert await first_bad_entry(db, str(ORDER_ID)) is None


async def test_the_rest_has_a_name_a_key_and_contents_of_its_own(orders: PostgresOrders, record: AsyncEngine) -> None:
    await sent_ahead(orders)
    assert await contents(orders, 1) == [("1", 1)]
    with pytest.raises(NothingToPush):
        await orders.push_request(of(2))
    await restocked(record)
    view = await orders.reserve_stock(step())
    assert (view.outbound, view.pushing, view.backordered, view.awaits_push) == (2, True, True, True)
    request = await orders.push_request(of(2))
    assert (request.reference, request.transaction_id) == ("shop.tea.1001.2", "push/2")
    assert await contents(orders, 2) == [("1", 1)]
    await pushed(orders, 2)
    assert (await contents(orders, 1), await contents(orders, 2)) == ([("1", 1)], [("1", 1)])
    view = await orders.load(step())
    assert (view.outbound, view.pushing, view.backordered, view.awaits_push) == (2, False, False, False)


async def test_a_rest_that_was_stopped_is_dropped_once_and_its_goods_are_free(
    orders: PostgresOrders, record: AsyncEngine
) -> None:
    await sent_ahead(orders)
    await restocked(record)
    await pushed(orders, 2)
    await orders.report_parcel(reported(parcel(units=1)))
    fact = CancelledTooLate(ORDER_ID, "stop", (2,))
    views = [await orders.cancel_too_late(fact) for _ in range(2)]
    assert views[0] == views[1]
    assert await rows(record, "select number, stopped from outbound_orders order by 1") == [(1, False), (2, True)]
    assert await rows(record, "select quantity, shipped from reservations") == [(1, 1)]
    assert await rows(record, "select on_hand, reserved from stock where sku = 'TEA-GREEN-250'") == [(1, 0)]
    assert await rows(record, "select refund_due_minor from order_money") == [(6800,)]


async def test_the_address_is_needed_until_the_rest_has_gone_or_is_given_up(
    orders: PostgresOrders, record: AsyncEngine
) -> None:
    async def needed() -> dict[str, bool]:
        async with record.connect() as db:
            return await reports.open_orders_of(db, "c-17")

    await sent_ahead(orders)
    assert await needed() == {str(ORDER_ID): True}
    await orders.report_parcel(reported(parcel(units=1)))
    assert await needed() == {str(ORDER_ID): True}
    await decided(orders, Choice.CANCEL)
    assert await needed() == {str(ORDER_ID): False}


async def test_the_report_of_a_split_order_tells_of_its_parts(orders: PostgresOrders, record: AsyncEngine) -> None:
    await sent_ahead(orders)
    await restocked(record)
    await pushed(orders, 2)
    async with record.connect() as db:
        found = await reports.order_report(db, str(ORDER_ID))
    assert found is not None
    assert [(each["number"], each["reference"], each["contents"]) for each in found["outbound"]] == [
        (1, "shop.tea.1001", {"1": 1}),
        (2, "shop.tea.1001.2", {"1": 1}),
    ]
    assert [(each["quantity"], each["reserved"], each["dropped"]) for each in found["goods"]] == [(2, 2, 0)]


@pytest.mark.parametrize(
    "statement",
    [
        "update demands set dropped = 3",
        "update demands set dropped = -1",
        "insert into outbound_orders select * from outbound_orders",
    ],
)
async def test_what_cannot_be_is_refused(orders: PostgresOrders, record: AsyncEngine, statement: str) -> None:
    await sent_ahead(orders)
    with pytest.raises(IntegrityError):
        await run(record, statement)


async def test_what_was_pushed_before_there_were_parts_is_the_first_and_only_one(postgres: EmbeddedPostgres) -> None:
    engine = connect(await postgres.create_database("record_before_parts"))
    async with engine.begin() as db:
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "0005"))
        await db.execute(text("set local session_replication_role = replica"))  # rows without their neighbours
        for number, fulfilment in (("1", "pushed"), ("2", "stopped")):
            order = {"id": f"shop/tea/{number}", "no": number, "fulfilment": fulfilment}
            await db.execute(text(_OLD_ORDER), order)
            await db.execute(text("insert into demands values (:id, '1', 'TEA', 2, 13600)"), order)
            await db.execute(text("insert into outbound_orders values (:id, :id, 'key', 'OB', null, now())"), order)
    await migrate(engine)
    found = await rows(engine, "select number, contents, stopped from outbound_orders order by order_id")
    assert found == [(1, {"1": 2}, False), (1, {"1": 2}, True)]
    assert await rows(engine, "select distinct dropped from demands") == [(0,)]
    await engine.dispose()


_OLD_ORDER = """
    insert into orders
      (id, source_channel, shop_id, order_no, kind, currency, amount_minor, shipping_minor, customer_id, customer_note,
       recipient, phone_tail, address_gaps, unmatched, placed_at, payment, fulfilment, holds, after_sale, cancellation,
       stage, recorded_at, updated_at)
    values (:id, 'shop', 'tea', :no, 'standard', 'CNY', 14400, 800, 'c-1', '', '', '', '{}', '{}', now(), 'paid',
            :fulfilment, '{}', 'none', 'none', 'any', now(), now())
"""
