"""What the record refuses to take as a ledger entry, whoever writes it."""

from collections.abc import AsyncIterator

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import shops
from persistence.engine import connect
from persistence.migrate import alembic_config, migrate, schema_differences
from runtime.embedded import EmbeddedPostgres

pytestmark = pytest.mark.slow

BEFORE_THE_GUARD = "0002"


def entry(count: int, reference: str = "by hand") -> str:
    return (
        "insert into ledger_entries (order_id, kind, reference, transaction_id, booked_at, posting_count) "
        f"values ('shop/tea/1001', 'captured', '{reference}', 't', now(), {count})"
    )


def posting(account: str, minor: int, currency: str = "CNY") -> str:
    return (
        "insert into ledger_postings (entry_seq, account, amount_minor, currency) "
        f"select max(seq), '{account}', {minor}, '{currency}' from ledger_entries"
    )


DEBIT, CREDIT = posting("provider_receivable", 5), posting("buyer_cash", -5)
WHOLE = (entry(2), DEBIT, CREDIT)
BOTH_AT_ONCE = (
    "insert into ledger_postings (entry_seq, account, amount_minor, currency) "
    "select seq, a, m, 'CNY' from ledger_entries, (values ('freight', 7), ('commission', -7)) more (a, m)"
)


async def run(record: AsyncEngine, *statements: str) -> None:
    async with record.begin() as db:
        for statement in statements:
            await db.execute(text(statement))


async def rows(record: AsyncEngine, query: str) -> list[tuple[object, ...]]:
    async with record.connect() as db:
        return [tuple(row) for row in await db.execute(text(query))]


async def test_an_entry_that_balances_in_each_of_its_currencies_is_written(record: AsyncEngine) -> None:
    await run(record, *WHOLE)
    dollars = (posting("freight", 3, "USD"), posting("commission", -3, "USD"))
    await run(record, entry(4, "two currencies"), DEBIT, CREDIT, *dollars)
    assert await rows(record, "select count(*) from ledger_postings") == [(6,)]


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ((entry(2), DEBIT, posting("buyer_cash", -4)), "off by 1 CNY"),
        ((entry(2), DEBIT, posting("buyer_cash", -5, "USD")), "off by (5 CNY|-5 USD)"),
        ((entry(2),), "has 0 of its 2 postings"),
        ((entry(2), posting("freight", 0)), "has 1 of its 2 postings"),
        ((entry(3), DEBIT, CREDIT), "has 2 of its 3 postings"),
        ((entry(2), DEBIT, CREDIT, posting("freight", 0)), "takes no further posting"),
        ((entry(0),), "two_postings_or_more"),
        ((entry(1), posting("freight", 0)), "two_postings_or_more"),
    ],
)
async def test_an_entry_that_is_not_whole_is_refused(
    record: AsyncEngine, statements: tuple[str, ...], why: str
) -> None:
    with pytest.raises(IntegrityError, match=why):
        await run(record, *statements)
    assert await rows(record, "select count(*) from ledger_entries") == [(0,)]


@pytest.mark.parametrize(
    "late",
    [
        (posting("freight", 7), posting("commission", -7)),
        (posting("freight", 7, "USD"), posting("commission", -7, "USD")),
        (posting("freight", 0),),
        ("savepoint a", posting("freight", 7), posting("commission", -7), "release savepoint a"),
        (BOTH_AT_ONCE,),
    ],
)
async def test_an_old_entry_takes_no_further_posting_not_even_balanced_ones(
    record: AsyncEngine, late: tuple[str, ...]
) -> None:
    await run(record, *WHOLE)
    with pytest.raises(IntegrityError, match="takes no further posting"):
        await run(record, *late)
    assert await rows(record, "select count(*) from ledger_postings") == [(2,)]


async def test_a_check_that_was_made_early_can_not_be_got_round(record: AsyncEngine) -> None:
    """Whoever asks for the deferred checks before the end of the transaction gains nothing."""
    with pytest.raises(IntegrityError, match="takes no further posting"):
        await run(record, *WHOLE, "set constraints all immediate", posting("freight", 7), posting("commission", -7))
    with pytest.raises(IntegrityError, match="has 1 of its 2 postings"):
        await run(record, entry(2), DEBIT, "set constraints all immediate", CREDIT)


async def test_an_entry_may_be_written_under_a_savepoint(record: AsyncEngine) -> None:
    await run(record, "savepoint a", entry(2), "savepoint b", DEBIT, "release savepoint b", CREDIT)
    assert await rows(record, "select count(*) from ledger_postings") == [(2,)]


async def test_the_same_entry_is_never_booked_twice(record: AsyncEngine) -> None:
    await run(record, *WHOLE)
    with pytest.raises(IntegrityError, match="uq_ledger_entries_order_id_kind_reference"):
        await run(record, *WHOLE)


@pytest.fixture
async def older(postgres: EmbeddedPostgres) -> AsyncIterator[AsyncEngine]:
    """A record of the version before entries said how many postings they have."""
    engine = connect(await postgres.create_database("older_record"))

    def upgrade(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), BEFORE_THE_GUARD)

    async with engine.begin() as db:
        await db.run_sync(upgrade)
        await shops.add_entity(db, "teahouse", "Tea House Ltd", "Asia/Shanghai")
    yield engine
    await engine.dispose()
    await postgres.drop_database("older_record")


async def test_entries_written_before_the_guard_stand_and_are_closed_too(older: AsyncEngine) -> None:
    old_entry = entry(2).replace(", posting_count", "").replace(", 2)", ")")
    await run(older, old_entry, DEBIT, posting("buyer_cash", -4), posting("freight", -1))
    await migrate(older)
    assert await rows(older, "select posting_count from ledger_entries") == [(3,)]
    assert await schema_differences(older) == []
    with pytest.raises(IntegrityError, match="takes no further posting"):
        await run(older, posting("commission", 7), posting("held_apart", -7))
    with pytest.raises(IntegrityError, match="is append-only"):
        await run(older, "update ledger_entries set posting_count = 5")
