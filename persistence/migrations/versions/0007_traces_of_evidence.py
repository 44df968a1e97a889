"""A message is found in traces and log lines by the trace in which it came, also one that had no effect."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_events", sa.Column("trace_id", sa.Text()))
