"""Reminders of what stays open: each level of one clock is told once."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("person", "about", "owner")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("order_id", "refund_id")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("skipped", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("thing", "since", "level", "person", name=op.f("pk_reminders")),
    )
    op.create_index(op.f("ix_reminders_order_id"), "reminders", ["order_id"])
