"""What a refund policy may ask about: the shop's region, and of which category goods are."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shops", sa.Column("region", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("stock", sa.Column("category", sa.Text(), nullable=False, server_default=sa.text("''")))
