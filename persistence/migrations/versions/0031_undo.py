"""What another system did wrongly is found, released by two people, and undone."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo_plans",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        *_said("found", null=False),
        *_said("released", null=True),
        *_said("cancelled", null=True),
        sa.CheckConstraint("released_by <> found_by", name=op.f("ck_undo_plans_released_by_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_plans")),
    )
    op.create_table(
        "undo_items",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("trade_no", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_undo_items_something")),
        sa.ForeignKeyConstraint(["plan_id"], ["undo_plans.id"], name=op.f("fk_undo_items_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_undo_items")),
        sa.UniqueConstraint("plan_id", "provider", "account", "trade_no", name=op.f("uq_undo_items_plan_id_provider_account_trade_no")),
    )


def _said(what: str, *, null: bool) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column(f"{what}_by", sa.Text(), nullable=null),
        sa.Column(f"{what}_reason", sa.Text(), nullable=null),
        sa.Column(f"{what}_at", sa.DateTime(timezone=True), nullable=null),
    )
