"""Alembic's entry: runs the migrations over the connection that `persistence.migrate` hands in."""

from alembic import context

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

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
