"""The central record's tables. Schema changes go through alembic; a test holds both against each other.

The books (ledger, audit log) are in book_tables.py, the edge (evidence, tokens, keys) in edge_tables.py, people and
policies in people_tables.py.
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


def text_column(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def moment(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def minor_column(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _order(*, key: bool = False) -> Column[str]:
    return Column("order_id", Text, ForeignKey("orders.id"), nullable=False, primary_key=key)


entities = Table(
    "entities",
    metadata,
    text_column("id", key=True),
    text_column("name"),
    text_column("time_zone"),
    Column("working_hours", JSONB(none_as_null=True), nullable=True),  # weekdays, shifts, holidays, make_up_days
)

shops = Table(
    "shops",
    metadata,
    text_column("channel"),
    text_column("shop_id"),
    Column("entity_id", Text, ForeignKey("entities.id"), nullable=False),
    text_column("name"),
    text_column("provider"),
    text_column("account"),
    Column("reserve_on_order", Boolean, nullable=False, server_default=text("false")),
    Column("track_by_number", Boolean, nullable=False, server_default=text("true")),
    Column("region", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("channel", "shop_id"),
)

orders = Table(
    "orders",
    metadata,
    text_column("id", key=True),
    text_column("source_channel"),
    text_column("shop_id"),
    text_column("order_no"),
    text_column("kind"),
    text_column("currency"),
    minor_column("amount_minor"),
    minor_column("shipping_minor"),
    text_column("customer_id"),
    text_column("customer_note"),  # sealed with the customer's key
    text_column("recipient"),  # sealed with the customer's key
    text_column("phone_tail"),  # keyed hash of the last four digits: a proof, not the digits
    Column("address_gaps", ARRAY(Text), nullable=False),
    Column("unmatched", ARRAY(Text), nullable=False),
    moment("placed_at"),
    text_column("payment"),
    text_column("fulfilment"),
    Column("holds", ARRAY(Text), nullable=False),
    text_column("after_sale"),
    text_column("cancellation"),
    Column("split", Boolean, nullable=False, server_default=text("false")),
    text_column("stage"),
    moment("recorded_at"),
    moment("updated_at"),
    UniqueConstraint("source_channel", "shop_id", "order_no"),
    ForeignKeyConstraint(["source_channel", "shop_id"], ["shops.channel", "shops.shop_id"]),
    Index(None, "stage", "updated_at"),
    Index(None, "order_no"),
)

order_lines = Table(
    "order_lines",
    metadata,
    _order(key=True),
    text_column("line_id", key=True),
    Column("position", Integer, nullable=False),
    text_column("platform_sku"),
    text_column("title"),
    Column("quantity", Integer, nullable=False),
    minor_column("list_price_minor"),
    minor_column("merchant_discount_minor"),
    minor_column("platform_subsidy_minor"),
    minor_column("cash_minor"),
    text_column("gift_of", null=True),
)

demands = Table(
    "demands",
    metadata,
    _order(key=True),
    text_column("line_id", key=True),
    text_column("sku"),
    Column("quantity", Integer, nullable=False),
    minor_column("cash_minor"),
    Column("dropped", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("dropped between 0 and quantity", name="dropped_within_ordered"),
)

payment_plan = Table(
    "payment_plan",
    metadata,
    _order(key=True),
    Column("part", Integer, primary_key=True),
    minor_column("amount_minor"),
    moment("pay_until"),
)

# No foreign key to orders: money may come before its order.
payments = Table(
    "payments",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text_column("provider"),
    text_column("account"),
    text_column("trade_no"),
    text_column("order_id"),
    Column("part", Integer, nullable=False),
    minor_column("amount_minor"),
    text_column("currency"),
    moment("paid_at"),
    Column("matched", Boolean, nullable=False),
    text_column("source"),
    moment("recorded_at"),
    UniqueConstraint("provider", "account", "trade_no"),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index(None, "order_id"),
    Index("uq_payments_matched_part", "order_id", "part", unique=True, postgresql_where=text("matched")),
)

stock = Table(
    "stock",
    metadata,
    text_column("sku", key=True),
    Column("on_hand", Integer, nullable=False),
    Column("reserved", Integer, nullable=False, server_default=text("0")),
    Column("category", Text, nullable=False, server_default=text("''")),
    CheckConstraint("reserved between 0 and on_hand", name="never_oversold"),
)

reservations = Table(
    "reservations",
    metadata,
    _order(key=True),
    text_column("line_id", key=True),
    Column("sku", Text, ForeignKey("stock.sku"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("shipped", Integer, nullable=False, server_default=text("0")),
    Column("released", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("shipped between 0 and quantity", name="shipped_within_reserved"),
)

sku_matches = Table(
    "sku_matches",
    metadata,
    text_column("channel", key=True),
    text_column("shop_id", key=True),
    text_column("platform_sku", key=True),
    Column("version", Integer, primary_key=True),
    Column("components", JSONB, nullable=False),
    moment("valid_from"),
    Index(None, "components", postgresql_using="gin", postgresql_ops={"components": "jsonb_path_ops"}),
)

outbound_orders = Table(
    "outbound_orders",
    metadata,
    _order(key=True),
    Column("number", Integer, primary_key=True),
    text_column("reference"),
    text_column("transaction_id"),
    Column("contents", JSONB, nullable=False),  # {line id: units}
    text_column("outbound_no", null=True),
    text_column("outside_shipment_no", null=True),
    moment("pushed_at"),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("reference"),
)

shipments = Table(
    "shipments",
    metadata,
    _order(key=True),
    text_column("parcel_no", key=True),
    text_column("carrier"),
    text_column("waybill_no"),
    Column("contents", JSONB, nullable=False),  # {line id: units}
    moment("shipped_at", null=True),
    moment("delivered_at", null=True),
)

cases = Table(
    "cases",
    metadata,
    text_column("id", key=True),
    text_column("order_id", null=True),
    text_column("refund_id", null=True),  # whose workflow waits, where it is not the order's
    text_column("cause"),
    text_column("subject"),
    text_column("detail"),
    text_column("owner"),
    text_column("next_action"),
    Column("choices", ARRAY(Text), nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    text_column("last_error", null=True),
    moment("opened_at"),
    moment("due_at"),
    moment("settled_at", null=True),
    text_column("choice", null=True),
    text_column("decided_by", null=True),
    text_column("decision_reason", null=True),
    Index(None, "order_id"),
    Index(
        "uq_cases_one_open", "order_id", "cause", "subject", unique=True, postgresql_where=text("settled_at is null")
    ),
    Index("ix_cases_open", "due_at", postgresql_where=text("settled_at is null")),
    CheckConstraint("(settled_at is null) = (choice is null)", name="settled_with_a_choice"),
)

# Triggers on stock and sku_matches write it: whatever changes what is available leaves a row.
outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text_column("kind"),
    text_column("subject"),
    Column("payload", JSONB, nullable=False),
    moment("written_at"),
    moment("sent_at", null=True),
    Index("ix_outbox_unsent", "seq", postgresql_where=text("sent_at is null")),
)

untold_levels = Table(
    "untold_levels",
    metadata,
    text_column("channel", key=True),
    text_column("shop_id", key=True),
    text_column("platform_sku", key=True),
    Column("version", BigInteger, nullable=False),
    moment("since"),
)
