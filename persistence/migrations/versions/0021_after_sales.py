"""After-sales of marketplaces: the platform moves the money of these refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0025"
branch_labels = None
depends_on = None


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "after_sales",
        _text("refund_id"),
        _text("channel"),
        _text("shop_id"),
        _text("number"),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("state"),
        _text("currency"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _moment("deadline", nullable=True),
        sa.Column("extensions_left", sa.Integer(), nullable=False),
        _text("decided_by"),
        _moment("done_at", nullable=True),
        _text("reference", nullable=True),
        _moment("told_at"),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_after_sales")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_after_sales_refund_id")),
        sa.UniqueConstraint("channel", "shop_id", "number", name=op.f("uq_after_sales_channel_shop_id_number")),
    )
