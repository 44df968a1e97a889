"""Disputes about payments: an open one keeps their refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("provider", "account", "trade_no", "opened_by", "reason")
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("closed_by", "outcome")),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.ForeignKeyConstraint(
            ["provider", "account", "trade_no"],
            ["payments.provider", "payments.account", "payments.trade_no"],
            name=op.f("fk_disputes_provider_account_trade_no"),
        ),
    )
    op.create_index(
        "ix_disputes_open",
        "disputes",
        ["provider", "account", "trade_no"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
