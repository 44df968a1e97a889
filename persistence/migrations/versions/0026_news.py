"""What people are told: each thing once for each recipient."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "news",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "topic", "event", "audience", "recipient")),
        sa.Column("order_id", sa.Text()),
        sa.Column("refund_id", sa.Text()),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("sending", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        sa.UniqueConstraint("event", "audience", "recipient", name=op.f("uq_news_event_audience_recipient")),
        sa.CheckConstraint("(amount_minor is null) = (currency is null)", name=op.f("ck_news_whole_amount")),
        sa.CheckConstraint("sent_at is null or sending is not null", name=op.f("ck_news_sent_in_a_message")),
    )
    columns = ["audience", "recipient", "written_at"]
    op.create_index(op.f("ix_news_audience_recipient_written_at"), "news", columns)
    op.create_index("ix_news_unsent", "news", ["written_at"], postgresql_where=sa.text("sent_at is null"))
