"""Goods of refunds: what is to be stopped before it leaves, and what the warehouse said to that."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refunds", sa.Column("goods", sa.Text(), server_default=sa.text("'kept'"), nullable=False))
    op.alter_column("refunds", "goods", server_default=None)
    op.create_table(
        "goods_stops",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("units", postgresql.JSONB(), nullable=False),
        sa.Column("intercepted", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("stopped", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_goods_stops")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_goods_stops_refund_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_goods_stops_order_id")),
        sa.CheckConstraint("due_minor >= 0", name=op.f("ck_goods_stops_something_due")),
    )
    op.create_index(op.f("ix_goods_stops_order_id"), "goods_stops", ["order_id"])
