"""Invoices of orders, and the red letters that refunds of them owe."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "invoices",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("order_id", "number", "state", "currency")),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        _moment("recorded_at"),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_invoices")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invoices_something")),
        sa.CheckConstraint(
            "state in ('issued', 'partly_reversed', 'reversed')", name=op.f("ck_invoices_known_state")
        ),
    )
    op.create_table(
        "red_letters",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("refund_id", "order_id", "invoice_number")),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        _moment("opened_at"),
        _moment("due_at"),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        _moment("done_at", nullable=True),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_red_letters")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_red_letters_refund_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_red_letters_order_id")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_red_letters_something")),
    )
    op.create_index(op.f("ix_red_letters_order_id"), "red_letters", ["order_id"])
    op.create_index("ix_red_letters_open", "red_letters", ["due_at"], postgresql_where=sa.text("done_at is null"))
