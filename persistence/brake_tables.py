"""Tables of the brake on outgoing money."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables import metadata, minor_column, moment, text_column

money_stops = Table(
    "money_stops",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    text_column("stopped_by"),
    text_column("stop_reason"),
    moment("stopped_at"),
    text_column("asked_by", null=True),  # the first of the two who release it
    text_column("asked_reason", null=True),
    moment("asked_at", null=True),
    text_column("released_by", null=True),
    text_column("released_reason", null=True),
    moment("released_at", null=True),
    Index(
        "ix_money_stops_open",
        "released_at",
        unique=True,
        postgresql_where=text("released_at is null"),
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("released_at is null or released_by <> asked_by", name="released_by_two"),
)

# Each row is locked by the legs that it covers, one after the other.
money_caps = Table(
    "money_caps",
    metadata,
    text_column("name", key=True),
    text_column("per"),  # hour, day
    text_column("currency"),
    minor_column("amount_minor"),
    text_column("policy", null=True),
    text_column("provider", null=True),
    text_column("zone"),
    text_column("changed_by"),
    moment("changed_at"),
    text_column("asked_by", null=True),  # the first of the two who let more leave
    moment("asked_at", null=True),
    Column("asked_to", JSONB(none_as_null=True), nullable=True),  # the cap as it would be; null: none at all
    CheckConstraint("amount_minor > 0", name="something"),
)
