"""The central record's tables. Schema changes go through alembic; a test holds both against each other.

Append-only tables (`audit_log`, `ledger_entries`, `ledger_postings`) refuse UPDATE, DELETE and TRUNCATE by trigger;
a deferred trigger refuses an entry that does not sum to zero.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _moment(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _minor(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _order(*, key: bool = False) -> Column[str]:
    return Column("order_id", Text, ForeignKey("orders.id"), nullable=False, primary_key=key)


entities = Table("entities", metadata, _text("id", key=True), _text("name"), _text("time_zone"))

shops = Table(
    "shops",
    metadata,
    _text("channel"),
    _text("shop_id"),
    Column("entity_id", Text, ForeignKey("entities.id"), nullable=False),
    _text("name"),
    _text("provider"),
    _text("account"),
    Column("reserve_on_order", Boolean, nullable=False, server_default=text("false")),
    Column("track_by_number", Boolean, nullable=False, server_default=text("true")),
    PrimaryKeyConstraint("channel", "shop_id"),
)

orders = Table(
    "orders",
    metadata,
    _text("id", key=True),
    _text("source_channel"),
    _text("shop_id"),
    _text("order_no"),
    _text("kind"),
    _text("currency"),
    _minor("amount_minor"),
    _minor("shipping_minor"),
    _text("customer_id"),
    _text("customer_note"),  # sealed with the customer's key
    _text("recipient"),  # sealed with the customer's key
    _text("phone_tail"),  # keyed hash of the last four digits: a proof, not the digits
    Column("address_gaps", ARRAY(Text), nullable=False),
    Column("unmatched", ARRAY(Text), nullable=False),
    _moment("placed_at"),
    _text("payment"),
    _text("fulfilment"),
    Column("holds", ARRAY(Text), nullable=False),
    _text("after_sale"),
    _text("cancellation"),
    _text("stage"),
    _moment("recorded_at"),
    _moment("updated_at"),
    UniqueConstraint("source_channel", "shop_id", "order_no"),
    ForeignKeyConstraint(["source_channel", "shop_id"], ["shops.channel", "shops.shop_id"]),
    Index(None, "stage", "updated_at"),
    Index(None, "order_no"),
)

order_lines = Table(
    "order_lines",
    metadata,
    _order(key=True),
    _text("line_id", key=True),
    Column("position", Integer, nullable=False),
    _text("platform_sku"),
    _text("title"),
    Column("quantity", Integer, nullable=False),
    _minor("list_price_minor"),
    _minor("merchant_discount_minor"),
    _minor("platform_subsidy_minor"),
    _minor("cash_minor"),
    _text("gift_of", null=True),
)

demands = Table(
    "demands",
    metadata,
    _order(key=True),
    _text("line_id", key=True),
    _text("sku"),
    Column("quantity", Integer, nullable=False),
    _minor("cash_minor"),
)

payment_plan = Table(
    "payment_plan",
    metadata,
    _order(key=True),
    Column("part", Integer, primary_key=True),
    _minor("amount_minor"),
    _moment("pay_until"),
)

# No foreign key to orders: money may come before its order.
payments = Table(
    "payments",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    _text("provider"),
    _text("account"),
    _text("trade_no"),
    _text("order_id"),
    Column("part", Integer, nullable=False),
    _minor("amount_minor"),
    _text("currency"),
    _moment("paid_at"),
    Column("matched", Boolean, nullable=False),
    _text("source"),
    _moment("recorded_at"),
    UniqueConstraint("provider", "account", "trade_no"),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index(None, "order_id"),
    Index("uq_payments_matched_part", "order_id", "part", unique=True, postgresql_where=text("matched")),
)

# What may still go back: refunds lock this row, so that two of them can't spend the same money.
order_money = Table(
    "order_money",
    metadata,
    _text("order_id", key=True),
    _text("currency"),
    _minor("captured_minor"),
    _minor("refund_due_minor"),
    CheckConstraint("refund_due_minor between 0 and captured_minor", name="due_within_captured"),
)

stock = Table(
    "stock",
    metadata,
    _text("sku", key=True),
    Column("on_hand", Integer, nullable=False),
    Column("reserved", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("reserved between 0 and on_hand", name="never_oversold"),
)

reservations = Table(
    "reservations",
    metadata,
    _order(key=True),
    _text("line_id", key=True),
    Column("sku", Text, ForeignKey("stock.sku"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("shipped", Integer, nullable=False, server_default=text("0")),
    Column("released", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("shipped between 0 and quantity", name="shipped_within_reserved"),
)

sku_matches = Table(
    "sku_matches",
    metadata,
    _text("channel", key=True),
    _text("shop_id", key=True),
    _text("platform_sku", key=True),
    Column("version", Integer, primary_key=True),
    Column("components", JSONB, nullable=False),
    _moment("valid_from"),
)

outbound_orders = Table(
    "outbound_orders",
    metadata,
    _order(key=True),
    _text("reference"),
    _text("transaction_id"),
    _text("outbound_no", null=True),
    _text("outside_shipment_no", null=True),
    _moment("pushed_at"),
    UniqueConstraint("reference"),
)

shipments = Table(
    "shipments",
    metadata,
    _order(key=True),
    _text("parcel_no", key=True),
    _text("carrier"),
    _text("waybill_no"),
    Column("contents", JSONB, nullable=False),  # {line id: units}
    _moment("shipped_at", null=True),
    _moment("delivered_at", null=True),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    _text("order_id"),
    _text("kind"),
    _text("reference"),
    _text("transaction_id"),
    _moment("booked_at"),
    UniqueConstraint("order_id", "kind", "reference"),
)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_seq", BigInteger, ForeignKey("ledger_entries.seq"), primary_key=True),
    _text("account", key=True),
    _minor("amount_minor"),
    _text("currency"),
)

# The head is locked by each append; a log that was cut off at its end shows too.
audit_heads = Table(
    "audit_heads",
    metadata,
    _text("order_id", key=True),
    Column("seq", Integer, nullable=False),
    _text("hash"),
)

audit_log = Table(
    "audit_log",
    metadata,
    _text("order_id", key=True),
    Column("seq", Integer, primary_key=True),
    _moment("at"),
    _text("actor"),
    _text("step"),
    Column("change", JSONB, nullable=False),
    Column("caused_by", ARRAY(BigInteger), nullable=False),
    _text("transaction_id"),
    _text("workflow_run"),
    _text("previous_hash"),
    _text("hash"),
)

inbound_events = Table(
    "inbound_events",
    metadata,
    Column("id", BigInteger, Identity(always=True)),
    _moment("received_at"),
    _text("source"),
    _text("message_id"),
    _text("kind"),
    _text("order_id", null=True),
    _text("fact_hash", null=True),
    _text("verdict"),
    _text("reason", null=True),
    Column("body", LargeBinary, nullable=False),  # encrypted
    _moment("applied_at", null=True),
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

cases = Table(
    "cases",
    metadata,
    _text("id", key=True),
    _text("order_id", null=True),
    _text("cause"),
    _text("subject"),
    _text("detail"),
    _text("owner"),
    _text("next_action"),
    Column("choices", ARRAY(Text), nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _text("last_error", null=True),
    _moment("opened_at"),
    _moment("due_at"),
    _moment("settled_at", null=True),
    _text("choice", null=True),
    _text("decided_by", null=True),
    _text("decision_reason", null=True),
    Index(None, "order_id"),
    Index("ix_cases_open", "due_at", postgresql_where=text("settled_at is null")),
    CheckConstraint("(settled_at is null) = (choice is null)", name="settled_with_a_choice"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    _text("kind"),
    _text("subject"),
    Column("payload", JSONB, nullable=False),
    _moment("written_at"),
    _moment("sent_at", null=True),
    Index("ix_outbox_unsent", "seq", postgresql_where=text("sent_at is null")),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _text("token_name", key=True),
    _text("key", key=True),
    _text("request_hash"),
    Column("answer", JSONB, nullable=False),
    _moment("created_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _text("name", key=True),
    _text("token_sha256"),
    Column("scopes", ARRAY(Text), nullable=False),
    _moment("created_at"),
    _moment("revoked_at", null=True),
    UniqueConstraint("token_sha256"),
)

customer_keys = Table(
    "customer_keys",
    metadata,
    _text("customer_id", key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    _moment("created_at"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    _text("subject", key=True),
    _moment("window_start"),
    Column("used", Integer, nullable=False),
)
