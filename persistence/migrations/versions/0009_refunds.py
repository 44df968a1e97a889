"""Refunds: what was asked and decided, the lines they pay back, each movement of money, and what of it went back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _refunds()
    _lines()
    _legs()
    _guards()
    _money()
    op.add_column("cases", sa.Column("refund_id", sa.Text()))


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _minor(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _refunds() -> None:
    op.create_table(
        "refunds",
        *map(_text, ("id", "order_id", "applicant", "kind", "basis", "reason", "note", "currency")),
        _minor("amount_minor"),
        _minor("shipping_minor"),
        sa.Column("adjustments", postgresql.JSONB(), nullable=False),
        _number("version"),
        *map(_text, ("decision", "repayment", "stage", "refusal")),
        _text("policy", nullable=True),
        sa.Column("approval", postgresql.JSONB(none_as_null=True), nullable=True),
        _number("approval_moves"),
        sa.Column("reminders", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        _minor("approved_minor", nullable=True),
        _number("approved_version", nullable=True),
        _moment("requested_at"),
        _moment("updated_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.CheckConstraint(
            "amount_minor >= 0 and shipping_minor between 0 and amount_minor", name=op.f("ck_refunds_amounts")
        ),
        sa.CheckConstraint(
            "decision <> 'approved' or (approved_minor, approved_version) is not distinct from (amount_minor, version)",
            name=op.f("ck_refunds_approved_as_it_is"),
        ),
    )
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"])
    op.create_index("ix_refunds_open", "refunds", ["requested_at"], postgresql_where=sa.text("ended_at is null"))


def _lines() -> None:
    op.create_table(
        "refund_lines",
        _text("refund_id"),
        _text("line_id"),
        _number("position"),
        _number("quantity"),
        *map(_minor, ("merchant_discount_minor", "platform_subsidy_minor", "share_minor", "cash_minor")),
        sa.PrimaryKeyConstraint("refund_id", "line_id", name=op.f("pk_refund_lines")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_some_units")),
    )


def _legs() -> None:
    op.create_table(
        "refund_legs",
        _text("refund_id"),
        _number("number"),
        *map(_text, ("out_refund_no", "provider", "account", "trade_no", "currency")),
        _minor("amount_minor"),
        _minor("freight_minor"),
        _text("state"),
        _number("replaces", nullable=True),
        _text("refund_no", nullable=True),
        _text("code", nullable=True),
        _moment("planned_at"),
        _moment("updated_at"),
        _moment("done_at", nullable=True),
        sa.PrimaryKeyConstraint("refund_id", "number", name=op.f("pk_refund_legs")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_legs_refund_id")),
        sa.ForeignKeyConstraint(
            ["provider", "account", "trade_no"],
            ["payments.provider", "payments.account", "payments.trade_no"],
            name=op.f("fk_refund_legs_provider_account_trade_no"),
        ),
        sa.UniqueConstraint("out_refund_no", name=op.f("uq_refund_legs_out_refund_no")),
        sa.UniqueConstraint("refund_id", "replaces", name=op.f("uq_refund_legs_refund_id_replaces")),
        sa.CheckConstraint(
            "amount_minor > 0 and freight_minor between 0 and amount_minor", name=op.f("ck_refund_legs_amounts")
        ),
    )
    op.create_index(
        op.f("ix_refund_legs_provider_account_trade_no"), "refund_legs", ["provider", "account", "trade_no"]
    )


def _guards() -> None:
    """A number stands for ever, with the amount it was used for; no payment gives back more than it brought."""
    op.execute("create trigger never_deleted before delete on refund_legs for each row execute function refuse_change()")
    op.execute("create trigger never_emptied before truncate on refund_legs execute function refuse_change()")
    op.execute(
        """
        create trigger never_changed before update on refund_legs for each row
        when ((old.out_refund_no, old.provider, old.account, old.trade_no, old.currency, old.amount_minor)
            is distinct from (new.out_refund_no, new.provider, new.account, new.trade_no, new.currency, new.amount_minor)
            or (old.state = 'done' and new.state <> 'done'))
        execute function refuse_change()
        """
    )
    op.execute(
        """
        create function refuse_overpaid() returns trigger language plpgsql as $$
        declare
            back bigint;
            brought bigint;
        begin
            select amount_minor into brought from payments
                where provider = new.provider and account = new.account and trade_no = new.trade_no for update;
            select sum(amount_minor) into back from refund_legs
                where provider = new.provider and account = new.account and trade_no = new.trade_no
                and state not in ('closed', 'given_up');
            if back > brought then
                raise exception 'payment % brought %, its legs come to %', new.trade_no, brought, back
                    using errcode = 'check_violation';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create constraint trigger within_payment after insert or update on refund_legs
        deferrable initially deferred for each row execute function refuse_overpaid()
        """
    )


def _money() -> None:
    op.add_column("order_money", sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.alter_column("order_money", "refunded_minor", server_default=None)
    op.drop_constraint("ck_order_money_due_within_captured", "order_money")
    op.create_check_constraint(
        op.f("ck_order_money_due_within_captured"),
        "order_money",
        "refund_due_minor >= 0 and refunded_minor >= 0 and refund_due_minor + refunded_minor <= captured_minor",
    )
