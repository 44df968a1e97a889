"""It takes two people to let more money leave than a cap allows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("money_caps", sa.Column("asked_by", sa.Text(), nullable=True))
    op.add_column("money_caps", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("money_caps", sa.Column("asked_to", JSONB(none_as_null=True), nullable=True))
