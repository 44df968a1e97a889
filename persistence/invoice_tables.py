"""Tables of invoices (发票): one that stands per order, and the red letter (红冲) that each refund of it owes."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from persistence.tables import metadata, minor_column, moment, text_column

invoices = Table(
    "invoices",
    metadata,
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False, primary_key=True),
    text_column("number"),
    text_column("state"),  # issued, partly_reversed, reversed
    text_column("currency"),
    Column("amount_minor", BigInteger, nullable=False),
    text_column("recorded_by"),
    moment("recorded_at"),
    UniqueConstraint("number"),
    CheckConstraint("amount_minor > 0", name="something"),
    CheckConstraint("state in ('issued', 'partly_reversed', 'reversed')", name="known_state"),
)

red_letters = Table(
    "red_letters",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    text_column("invoice_number"),
    minor_column("amount_minor"),
    text_column("owner"),
    moment("opened_at"),
    moment("due_at"),
    text_column("number", null=True),
    text_column("recorded_by", null=True),
    moment("done_at", null=True),
    Index(None, "order_id"),
    Index("ix_red_letters_open", "due_at", postgresql_where=text("done_at is null")),
    CheckConstraint("amount_minor > 0", name="something"),
)
