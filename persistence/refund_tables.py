"""Tables of refunds: what was asked and decided, the lines it pays back, and each movement of money.

A leg is never deleted and its number never used again: guards in the migration, as in the books.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables import metadata, minor_column, moment, text_column

refunds = Table(
    "refunds",
    metadata,
    text_column("id", key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    text_column("applicant"),
    text_column("kind"),
    text_column("basis"),
    text_column("reason"),
    text_column("note"),  # the applicant's words, sealed with the customer's key
    text_column("currency"),
    minor_column("amount_minor"),
    minor_column("shipping_minor"),
    Column("adjustments", JSONB, nullable=False),  # [{line_id or null, amount_minor}]
    Column("version", Integer, nullable=False),
    text_column("decision"),
    text_column("repayment"),
    text_column("stage"),
    text_column("refusal"),
    text_column("goods"),
    text_column("policy", null=True),  # which policy named the signers: name@version
    Column("approval", JSONB(none_as_null=True), nullable=True),  # steps, tasks and signatures
    Column("approval_moves", Integer, nullable=False),
    Column("reminders", JSONB, nullable=False, server_default=text("'[]'")),
    Column("approved_minor", BigInteger, nullable=True),
    Column("approved_version", Integer, nullable=True),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("follows", Text, ForeignKey("refunds.id"), nullable=True),  # the request before, which came to nothing
    moment("requested_at"),
    moment("updated_at"),
    moment("ended_at", null=True),
    Index(None, "order_id"),
    Index("ix_refunds_open", "requested_at", postgresql_where=text("ended_at is null")),
    CheckConstraint("amount_minor >= 0 and shipping_minor between 0 and amount_minor", name="amounts"),
    CheckConstraint(
        "decision <> 'approved' or (approved_minor, approved_version) is not distinct from (amount_minor, version)",
        name="approved_as_it_is",
    ),
)

refund_lines = Table(
    "refund_lines",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    text_column("line_id", key=True),
    Column("position", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
    minor_column("merchant_discount_minor"),
    minor_column("platform_subsidy_minor"),
    minor_column("share_minor"),  # the buyer's cash that these units carried
    minor_column("cash_minor"),  # what of it goes back
    CheckConstraint("quantity > 0", name="some_units"),
)

# What a refund asks its order to keep from leaving. Written by the order's workflow, the answer with what it does.
goods_stops = Table(
    "goods_stops",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    Column("units", JSONB, nullable=False),  # asked for: {line id: units}
    Column("intercepted", JSONB, nullable=False, server_default=text("'[]'")),  # outbound orders that were stopped
    Column("stopped", JSONB, nullable=False, server_default=text("'{}'")),  # {line id: units} that will not leave
    Column("due_minor", BigInteger, nullable=False, server_default=text("0")),
    moment("asked_at"),
    moment("answered_at", null=True),
    Index(None, "order_id"),
    CheckConstraint("due_minor >= 0", name="something_due"),
)

returns = Table(
    "returns",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    text_column("freight_by"),  # who bears the freight of the way back
    moment("send_by"),
    text_column("carrier"),
    text_column("waybill_no"),
    moment("sent_at", null=True),
    Column("lines", JSONB, nullable=False),  # [{line_id, good, damaged, missing}]
    Column("restocked", JSONB, nullable=False),  # {own sku: units}
    moment("received_at", null=True),
    text_column("assessed_by"),
    text_column("assessment"),
)

refund_legs = Table(
    "refund_legs",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    Column("number", Integer, primary_key=True),
    text_column("out_refund_no"),
    text_column("provider"),
    text_column("account"),
    text_column("trade_no"),
    text_column("currency"),
    minor_column("amount_minor"),
    minor_column("freight_minor"),
    text_column("state"),
    Column("replaces", Integer, nullable=True),
    text_column("refund_no", null=True),
    text_column("code", null=True),
    moment("planned_at"),
    moment("updated_at"),
    moment("done_at", null=True),
    text_column("held", null=True),  # what of our own keeps it
    moment("let_go_at", null=True),  # the last time; it counts in the caps of then
    text_column("said_by", null=True),  # who says that its money went another way
    text_column("confirmed_by", null=True),
    UniqueConstraint("out_refund_no"),
    UniqueConstraint("refund_id", "replaces"),
    ForeignKeyConstraint(
        ["provider", "account", "trade_no"], ["payments.provider", "payments.account", "payments.trade_no"]
    ),
    Index(None, "provider", "account", "trade_no"),
    Index("ix_refund_legs_let_go", "let_go_at", postgresql_where=text("let_go_at is not null")),
    Index("ix_refund_legs_held", "held", postgresql_where=text("held is not null")),
    CheckConstraint("amount_minor > 0 and freight_minor between 0 and amount_minor", name="amounts"),
    CheckConstraint(
        "state <> 'done' or said_by is null or (confirmed_by is not null and confirmed_by <> said_by)",
        name="elsewhere_by_two",
    ),
)

refund_ratings = Table(
    "refund_ratings",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), primary_key=True),
    Column("score", SmallInteger, nullable=False),
    moment("at"),
    CheckConstraint("score between 1 and 5", name="score"),
)

# A marketplace's own after-sale, as it was told last: the platform moves the money of this refund.
after_sales = Table(
    "after_sales",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.id"), nullable=False, primary_key=True),
    text_column("channel"),
    text_column("shop_id"),
    text_column("number"),  # theirs
    Column("revision", Integer, nullable=False),
    text_column("state"),
    text_column("currency"),
    minor_column("amount_minor"),
    moment("deadline", null=True),
    Column("extensions_left", Integer, nullable=False),
    text_column("decided_by"),
    moment("done_at", null=True),
    text_column("reference", null=True),
    moment("told_at"),
    UniqueConstraint("channel", "shop_id", "number"),
)
