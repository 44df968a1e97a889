"""Limits whose window is long over are found and cleared away as new ones come."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_rate_limits_window_start"), "rate_limits", ["window_start"])
