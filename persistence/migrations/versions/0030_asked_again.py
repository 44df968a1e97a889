"""A request after one that came to nothing is another version of the same after-sale."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refunds", sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("refunds", sa.Column("follows", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_refunds_follows"), "refunds", "refunds", ["follows"], ["id"])
