"""An API token may belong to a person: what is decided with it is his deed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("person", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_api_tokens_person"), "api_tokens", "people", ["person"], ["id"])
