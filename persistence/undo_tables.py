"""Tables of what is undone in bulk. What is found is no payment: it becomes one when its order is told."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, UniqueConstraint

from persistence.tables import metadata, minor_column, moment, text_column

undo_plans = Table(
    "undo_plans",
    metadata,
    text_column("id", key=True),
    text_column("version"),
    text_column("found_by"),
    text_column("found_reason"),
    moment("found_at"),
    text_column("released_by", null=True),
    text_column("released_reason", null=True),
    moment("released_at", null=True),
    text_column("cancelled_by", null=True),
    text_column("cancelled_reason", null=True),
    moment("cancelled_at", null=True),
    CheckConstraint("released_by <> found_by", name="released_by_another"),
)

undo_items = Table(
    "undo_items",
    metadata,
    Column("plan_id", ForeignKey("undo_plans.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    text_column("provider"),
    text_column("account"),
    text_column("trade_no"),
    text_column("out_trade_no"),
    minor_column("amount_minor"),
    text_column("currency"),
    moment("paid_at"),
    text_column("order_id", null=True),
    text_column("verdict"),
    text_column("state"),
    text_column("said"),
    moment("ended_at", null=True),
    UniqueConstraint("plan_id", "provider", "account", "trade_no"),
    CheckConstraint("amount_minor > 0", name="something"),
)
