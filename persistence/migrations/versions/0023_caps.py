"""Caps on outgoing money, and when a leg was let go: it counts from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "money_caps",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "per", "currency")),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("policy", "provider")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("zone", "changed_by")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_money_caps")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_money_caps_something")),
    )
    op.add_column("refund_legs", sa.Column("let_go_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_refund_legs_let_go", "refund_legs", ["let_go_at"], postgresql_where=sa.text("let_go_at is not null")
    )
