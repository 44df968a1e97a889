"""Table of reminders: who was told of what stays open. Each level of one clock is told once, whoever writes."""

from sqlalchemy import Column, Index, Integer, Table, Text, text

from persistence.tables import metadata, moment, text_column

reminders = Table(
    "reminders",
    metadata,
    text_column("thing", key=True),  # an id of domain/money_at_risk.py: a case, or a refund's stage
    Column("since", moment("since").type, primary_key=True),  # when its clock began
    Column("level", Integer, primary_key=True),
    text_column("person", key=True),  # empty: nobody could be told
    text_column("about"),
    text_column("owner"),
    text_column("order_id", null=True),
    text_column("refund_id", null=True),
    moment("at"),
    Column("skipped", Text, nullable=False, server_default=text("''")),  # why this person was not told
    Index(None, "order_id"),
)
