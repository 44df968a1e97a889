"""Bring the schema to the version of the code: once, under an advisory lock, so that several may try at once."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import (  # noqa: F401 - their tables belong to the metadata
    book_tables,
    brake_tables,
    dispute_tables,
    edge_tables,
    invoice_tables,
    news_tables,
    people_tables,
    refund_tables,
    reminder_tables,
    undo_tables,
)
from persistence.tables import metadata

_LOCK = text("select pg_advisory_xact_lock(hashtext('lockstep migrate'))")
_PARTITIONS = text("select relname from pg_class where relispartition and relkind = 'r'")
_PATIENCE = text("set local lock_timeout = '60s'; set local statement_timeout = '10min'")


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None
    return head


async def migrate(engine: AsyncEngine) -> str:
    """Apply what is missing; the revision the record stands at is the answer."""
    async with engine.begin() as db:
        await db.execute(_PATIENCE)
        await db.execute(_LOCK)
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
    return newest_revision()


async def schema_differences(engine: AsyncEngine) -> list[object]:
    """What the tables in code say otherwise than the migrated database. Months of evidence come and go: left out."""

    def differences(connection: Connection) -> list[object]:
        partitions = set(connection.execute(_PARTITIONS).scalars())
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name not in partitions}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as db:
        return await db.run_sync(differences)
