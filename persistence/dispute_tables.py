"""The table of disputes that buyers have about their payments, with the provider."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Identity, Index, Table, text

from persistence.tables import metadata, moment, text_column

disputes = Table(
    "disputes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    text_column("provider"),
    text_column("account"),
    text_column("trade_no"),
    text_column("opened_by"),
    text_column("reason"),
    moment("opened_at"),
    text_column("closed_by", null=True),
    text_column("outcome", null=True),
    moment("closed_at", null=True),
    ForeignKeyConstraint(
        ["provider", "account", "trade_no"], ["payments.provider", "payments.account", "payments.trade_no"]
    ),
    Index(
        "ix_disputes_open", "provider", "account", "trade_no", unique=True, postgresql_where=text("closed_at is null")
    ),
)
