"""A leg may go another way than its payment's: who says so, and who has confirmed it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refund_legs", sa.Column("said_by", sa.Text(), nullable=True))
    op.add_column("refund_legs", sa.Column("confirmed_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_refund_legs_elsewhere_by_two"),
        "refund_legs",
        "state <> 'done' or said_by is null or (confirmed_by is not null and confirmed_by <> said_by)",
    )
