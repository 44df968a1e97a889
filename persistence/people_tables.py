"""Tables of who approves what: people with their roles, and policies. A policy's versions are only ever added."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables import metadata, moment, text_column

people = Table(
    "people",
    metadata,
    text_column("id", key=True),
    text_column("name"),
    Column("superior", Text, ForeignKey("people.id"), nullable=True),
    Column("stand_ins", JSONB, nullable=False),  # [{person, begins, ends}]
    Column("limits", JSONB, nullable=False),  # [{amount_minor, currency}]
    Column("active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    moment("changed_at"),
    CheckConstraint("superior <> id", name="not_above_himself"),
)

roles = Table(
    "roles",
    metadata,
    Column("person", Text, ForeignKey("people.id"), nullable=False),
    text_column("role"),
    Column("entity_id", Text, ForeignKey("entities.id"), nullable=True),  # without one: in every entity
    UniqueConstraint("person", "role", "entity_id", postgresql_nulls_not_distinct=True),
)

policies = Table(
    "policies",
    metadata,
    text_column("id", key=True),
    Column("version", Integer, primary_key=True),
    Column("rules", JSONB, nullable=False),
    text_column("saved_by"),
    moment("saved_at"),
    CheckConstraint("version >= 1", name="counted_from_one"),
)
