"""The brake on outgoing money: when all of it was stopped, and what keeps a leg."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(name: str, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "money_stops",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _text("stopped_by", nullable=False),
        _text("stop_reason", nullable=False),
        _moment("stopped_at", nullable=False),
        _text("asked_by"),
        _text("asked_reason"),
        _moment("asked_at"),
        _text("released_by"),
        _text("released_reason"),
        _moment("released_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_stops")),
        sa.CheckConstraint(
            "released_at is null or released_by <> asked_by", name=op.f("ck_money_stops_released_by_two")
        ),
    )
    op.create_index(
        "ix_money_stops_open",
        "money_stops",
        ["released_at"],
        unique=True,
        postgresql_where=sa.text("released_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.execute("create trigger never_deleted before delete on money_stops for each row execute function refuse_change()")
    op.execute("create trigger never_emptied before truncate on money_stops execute function refuse_change()")
    op.add_column("refund_legs", sa.Column("held", sa.Text(), nullable=True))
    op.create_index(
        "ix_refund_legs_held", "refund_legs", ["held"], postgresql_where=sa.text("held is not null")
    )
