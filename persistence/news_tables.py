"""Table of news: what people are told, written with what it tells of. A repeated transition writes no second row."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, text

from persistence.tables import metadata, moment, text_column

news = Table(
    "news",
    metadata,
    text_column("id", key=True),  # derived from event, audience and recipient
    text_column("topic"),
    text_column("event"),
    text_column("audience"),
    text_column("recipient"),  # a person of the staff, or the order whose customer is meant
    text_column("order_id", null=True),
    text_column("refund_id", null=True),
    Column("amount_minor", BigInteger, nullable=True),
    text_column("currency", null=True),
    moment("written_at"),
    moment("read_at", null=True),
    Column("sending", Text, nullable=True),  # the message it goes out with; set before the first attempt, then kept
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    text_column("last_error", null=True),
    moment("sent_at", null=True),
    UniqueConstraint("event", "audience", "recipient"),
    Index(None, "audience", "recipient", "written_at"),
    Index("ix_news_unsent", "written_at", postgresql_where=text("sent_at is null")),
    CheckConstraint("(amount_minor is null) = (currency is null)", name="whole_amount"),
    CheckConstraint("sent_at is null or sending is not null", name="sent_in_a_message"),
)
