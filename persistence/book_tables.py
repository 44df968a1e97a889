"""Tables of the books: ledger and audit log, which are only ever appended to, and the money row.

They refuse UPDATE, DELETE and TRUNCATE by trigger. A ledger entry says how many postings it has: triggers refuse it
when its transaction ends without all of them or they don't sum to zero in each currency, and refuse any further one.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables import metadata, minor_column, moment, text_column

# What may still go back: refunds lock this row, so that two of them can't spend the same money.
order_money = Table(
    "order_money",
    metadata,
    text_column("order_id", key=True),
    text_column("currency"),
    minor_column("captured_minor"),
    minor_column("refund_due_minor"),
    minor_column("refunded_minor"),
    CheckConstraint(
        "refund_due_minor >= 0 and refunded_minor >= 0 and refund_due_minor + refunded_minor <= captured_minor",
        name="due_within_captured",
    ),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text_column("order_id"),
    text_column("kind"),
    text_column("reference"),
    text_column("transaction_id"),
    moment("booked_at"),
    Column("posting_count", Integer, nullable=False),
    UniqueConstraint("order_id", "kind", "reference"),
    CheckConstraint("posting_count >= 2", name="two_postings_or_more"),
)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_seq", BigInteger, ForeignKey("ledger_entries.seq"), primary_key=True),
    text_column("account", key=True),
    minor_column("amount_minor"),
    text_column("currency"),
)

# The head is locked by each append; a log that was cut off at its end shows too.
audit_heads = Table(
    "audit_heads",
    metadata,
    text_column("order_id", key=True),
    Column("seq", Integer, nullable=False),
    text_column("hash"),
)

audit_log = Table(
    "audit_log",
    metadata,
    text_column("order_id", key=True),
    Column("seq", Integer, primary_key=True),
    moment("at"),
    text_column("actor"),
    text_column("step"),
    Column("change", JSONB, nullable=False),
    Column("caused_by", ARRAY(BigInteger), nullable=False),
    text_column("transaction_id"),
    text_column("workflow_run"),
    text_column("trace_id"),
    text_column("previous_hash"),
    text_column("hash"),
)
