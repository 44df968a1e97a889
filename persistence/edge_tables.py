"""Tables of the edge: what came in, who may ask, and whose personal data is sealed with which key."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables import metadata, moment, text_column

inbound_events = Table(
    "inbound_events",
    metadata,
    Column("id", BigInteger, Identity(always=True)),
    moment("received_at"),
    text_column("source"),
    text_column("message_id"),
    text_column("kind"),
    text_column("order_id", null=True),
    text_column("fact_hash", null=True),
    text_column("verdict"),
    text_column("reason", null=True),
    Column("body", LargeBinary, nullable=False),  # encrypted
    moment("applied_at", null=True),
    text_column("trace_id", null=True),
    PrimaryKeyConstraint("id", "received_at"),
    Index(None, "source", "message_id"),
    Index(None, "order_id"),
    Index(
        "ix_inbound_events_waiting",
        "received_at",
        postgresql_where=text("verdict = 'accepted' and applied_at is null"),
    ),
    postgresql_partition_by="RANGE (received_at)",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    text_column("token_name", key=True),
    text_column("key", key=True),
    text_column("request_hash"),
    Column("answer", JSONB, nullable=False),
    moment("created_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    text_column("name", key=True),
    text_column("token_sha256"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("person", Text, ForeignKey("people.id"), nullable=True),  # without one: a program's
    moment("created_at"),
    moment("revoked_at", null=True),
    UniqueConstraint("token_sha256"),
)

customer_keys = Table(
    "customer_keys",
    metadata,
    text_column("customer_id", key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    moment("created_at"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    text_column("subject", key=True),
    moment("window_start"),
    Column("used", Integer, nullable=False),
    Index(None, "window_start"),
)
