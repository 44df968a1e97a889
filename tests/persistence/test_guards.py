"""What the record refuses, whoever asks, and what its audit chain shows when somebody got past that."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.axis import Fulfilment
from domain.case import Cause
from domain.limits import Limits
from domain.reference import OrderId
from persistence import evidence, stock
from persistence.audit import BadEntry, audited_orders, entry_hash, first_bad_entry
from persistence.customers import Customers
from persistence.engine import connect
from persistence.migrate import migrate, newest_revision, schema_differences
from persistence.orders import PostgresOrders
from persistence.tables import metadata
from ports.clock import FixedClock
from runtime.embedded import EmbeddedPostgres
from tests.builders import NOON, ORDER_ID, capture, line, order, placed, reported, settled, step

pytestmark = pytest.mark.slow

OTHER_ID = OrderId("shop", "tea", "1002")


@pytest.fixture
def orders(record: AsyncEngine) -> PostgresOrders:
    clock = FixedClock(NOON)
    return PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())


@pytest.fixture
async def written(record: AsyncEngine, orders: PostgresOrders) -> AsyncEngine:
    """A record with one order that has four audit entries and another that has one."""
    await orders.place(placed())
    await orders.record_payment(settled())
    await orders.record_payment(settled(capture("5.00", "odd")))
    await orders.report_parcel(reported())
    await orders.place(placed(order(OTHER_ID)))
    return record


async def run(record: AsyncEngine, *statements: str) -> None:
    async with record.begin() as db:
        for statement in statements:
            await db.execute(text(statement))


async def rows(record: AsyncEngine, query: str) -> list[tuple[object, ...]]:
    async with record.connect() as db:
        return [tuple(row) for row in await db.execute(text(query))]


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set actor = 'nobody'",
        "update audit_log set actor = actor where seq = 1",
        "delete from audit_log where seq = 2",
        "truncate audit_log",
        "update ledger_entries set reference = 'another'",
        "delete from ledger_entries",
        "truncate ledger_entries cascade",
        "update ledger_postings set amount_minor = -amount_minor",
        "delete from ledger_postings",
        "truncate ledger_postings",
    ],
)
async def test_what_is_append_only_is_never_changed(written: AsyncEngine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="is append-only"):
        await run(written, statement)


async def test_a_trade_is_never_booked_twice_even_for_another_order(
    written: AsyncEngine, orders: PostgresOrders
) -> None:
    assert (await orders.record_payment(settled(order_id=OTHER_ID))).open_cases == 1
    assert await rows(written, "select count(*) from payments") == [(2,)]
    assert await rows(written, "select count(*) from ledger_entries where order_id like '%1002'") == [(0,)]


async def test_ten_notices_of_one_trade_at_once_are_booked_once(record: AsyncEngine, orders: PostgresOrders) -> None:
    await orders.place(placed())
    views = await asyncio.gather(*(orders.record_payment(settled()) for _ in range(10)))
    assert {view.payment.value for view in views} == {"paid"}
    for table in ("payments", "ledger_entries"):
        assert await rows(record, f"select count(*) from {table}") == [(1,)]


async def test_two_matched_payments_of_one_part_are_refused(written: AsyncEngine) -> None:
    with pytest.raises(IntegrityError, match="uq_payments_matched_part"):
        await run(written, "update payments set matched = true")


async def test_no_more_can_be_due_back_than_was_captured(written: AsyncEngine) -> None:
    with pytest.raises(IntegrityError, match="ck_order_money_due_within_captured"):
        await run(written, "update order_money set refund_due_minor = captured_minor + 1")


@pytest.mark.parametrize(
    "statement",
    [
        "update stock set reserved = on_hand + 1",
        "update stock set on_hand = reserved - 1",
        "update stock set reserved = -1",
    ],
)
async def test_stock_is_never_oversold_by_hand(written: AsyncEngine, statement: str) -> None:
    with pytest.raises(IntegrityError, match="ck_stock_never_oversold"):
        await run(written, statement)


async def test_of_twenty_orders_at_once_for_five_units_five_win(record: AsyncEngine, orders: PostgresOrders) -> None:
    await run(record, "update stock set on_hand = 5 where sku = 'TEA-GREEN-250'")
    ids = [OrderId("shop", "tea", str(2000 + number)) for number in range(20)]
    for number, order_id in enumerate(ids):
        await orders.place(placed(order(order_id, lines=(line(quantity=1),))))
        await orders.record_payment(settled(capture("76.00", f"trade-{number}"), order_id))
    views = await asyncio.gather(*(orders.reserve_stock(step("reserve", order_id)) for order_id in ids))
    won = [view for view in views if view.fulfilment is Fulfilment.RESERVED]
    lost = [view for view in views if view.fulfilment is Fulfilment.WAITING]
    assert (len(won), len(lost)) == (5, 15)
    assert all([case.cause for case in view.cases] == [Cause.OUT_OF_STOCK] for view in lost)
    assert not any(view.cases for view in won)
    assert await rows(record, "select on_hand, reserved from stock where sku = 'TEA-GREEN-250'") == [(5, 5)]
    assert await rows(record, "select count(*), sum(quantity) from reservations") == [(5, 5)]


async def test_a_line_mapped_late_and_short_of_stock_holds_the_order(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    await orders.place(placed(order(lines=(line("1"), line("2", "TIN-NEW", 1, "10.00")))))
    await orders.record_payment(settled(capture("154.00")))
    assert (await orders.reserve_stock(step())).fulfilment is Fulfilment.RESERVED
    async with record.begin() as db:
        await stock.set_level(db, "TIN", 0)
        await stock.add_match(db, ("shop", "tea", "TIN-NEW"), [{"sku": "TIN", "quantity": 1}], NOON)
    view = await orders.reserve_stock(step())
    assert [case.cause for case in view.cases] == [Cause.OUT_OF_STOCK]


async def test_goods_that_left_before_they_were_reserved_leave_the_stock_once(
    record: AsyncEngine, orders: PostgresOrders
) -> None:
    await orders.place(placed())
    await orders.report_parcel(reported())
    await orders.record_payment(settled())
    for _ in range(2):
        assert (await orders.reserve_stock(step())).fulfilment is Fulfilment.SHIPPED
    assert await rows(record, "select on_hand, reserved from stock where sku = 'TEA-GREEN-250'") == [(998, 0)]


BY_HAND = "alter table audit_log {} trigger all"
SWAPPED = (
    "update audit_log set seq = 9 where seq = 2 and order_id = 'shop/tea/1001'",
    "update audit_log set seq = 2 where seq = 3 and order_id = 'shop/tea/1001'",
    "update audit_log set seq = 3 where seq = 9 and order_id = 'shop/tea/1001'",
)
ONE_MORE = (
    "insert into audit_log select order_id, 5, at, actor, step, change, caused_by, transaction_id, workflow_run, "
    "trace_id, hash, hash from audit_log where seq = 4"
)


@pytest.mark.parametrize(
    ("statements", "bad_seq", "why"),
    [
        (("update audit_log set actor = 'nobody' where seq = 3",), 3, "changed"),
        (("update audit_log set at = at + interval '1 microsecond' where seq = 2",), 2, "changed"),
        (("update audit_log set change = change || '{\"a\": 1}' where seq = 4",), 4, "changed"),
        (("update audit_log set caused_by = '{7}' where seq = 2",), 2, "changed"),
        (("update audit_log set hash = repeat('0', 64) where seq = 4",), 4, "changed"),
        (("delete from audit_log where seq = 2",), 2, "missing"),
        (("delete from audit_log where seq = 1",), 1, "missing"),
        (("delete from audit_log where seq = 4",), 4, "ends here"),
        (("delete from audit_log where seq > 2",), 3, "ends here"),
        (("delete from audit_log where order_id = 'shop/tea/1001'",), 1, "ends here"),
        (SWAPPED, 2, "changed"),
        ((ONE_MORE,), 5, "changed"),
    ],
    ids=str,
)
async def test_the_chain_shows_the_first_entry_that_somebody_touched(
    written: AsyncEngine, statements: tuple[str, ...], bad_seq: int, why: str
) -> None:
    await run(written, BY_HAND.format("disable"), *statements, BY_HAND.format("enable"))
    async with written.connect() as db:
        assert "shop/tea/1001" in await audited_orders(db)
        bad = await first_bad_entry(db, str(ORDER_ID))
    assert isinstance(bad, BadEntry)
    assert (bad.order_id, bad.seq) == (str(ORDER_ID), bad_seq)
    assert why in bad.why


async def test_an_entry_changed_together_with_its_hash_breaks_the_next_one(written: AsyncEngine) -> None:
    async with written.begin() as db:
        await db.execute(text(BY_HAND.format("disable")))
        query = text("select * from audit_log where seq = 2 and order_id = 'shop/tea/1001'")
        entry = {**(await db.execute(query)).mappings().one(), "actor": "nobody"}
        forged = {"hash": entry_hash(entry, str(entry["previous_hash"]))}
        await db.execute(text("update audit_log set actor = 'nobody', hash = :hash where seq = 2"), forged)
        bad = await first_bad_entry(db, str(ORDER_ID))
    assert bad is not None
    assert bad.seq == 3


async def test_untouched_chains_verify_beside_a_touched_one(written: AsyncEngine) -> None:
    await run(written, BY_HAND.format("disable"), "delete from audit_log where seq = 4", BY_HAND.format("enable"))
    async with written.connect() as db:
        assert await audited_orders(db) == [str(ORDER_ID), str(OTHER_ID)]
        assert await first_bad_entry(db, str(OTHER_ID)) is None
        assert await first_bad_entry(db, "shop/tea/nobody") is None


async def test_the_tables_in_code_are_the_migrated_ones_whatever_months_of_evidence_there_are(
    record: AsyncEngine,
) -> None:
    async with record.begin() as db:
        await evidence.ensure_months(db, NOON)
    assert await schema_differences(record) == []


async def test_a_difference_between_code_and_record_is_named(record: AsyncEngine) -> None:
    await run(record, "alter table stock add column colour text", "create table inbound_events_copy (id int)")
    assert len(await schema_differences(record)) == 2


async def test_every_check_in_code_is_in_the_record(record: AsyncEngine) -> None:
    """The comparison of the schema leaves checks out."""
    in_code = {str(check.name) for table in metadata.tables.values() for check in table.constraints if _is_check(check)}
    query = "select conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace"
    assert {name for (name,) in await rows(record, query)} == in_code


def _is_check(constraint: object) -> bool:
    return isinstance(constraint, CheckConstraint)


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    yield await postgres.create_database("never_migrated")
    await postgres.drop_database("never_migrated")


async def test_three_that_migrate_at_once_and_one_that_comes_late_do_it_once(empty_url: str) -> None:
    engines = [connect(empty_url, pool_size=1) for _ in range(3)]
    assert await asyncio.gather(*(migrate(engine) for engine in engines)) == [newest_revision()] * 3
    assert await migrate(engines[0]) == newest_revision()
    assert await rows(engines[0], "select version_num from alembic_version") == [(newest_revision(),)]
    assert await schema_differences(engines[0]) == []
    for engine in engines:
        await engine.dispose()
