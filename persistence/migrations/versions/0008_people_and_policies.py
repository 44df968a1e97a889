"""Who approves what: people with their roles, versions of policies, and the hours that an entity works."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("working_hours", postgresql.JSONB(none_as_null=True), nullable=True))
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("superior", sa.Text(), nullable=True),
        sa.Column("stand_ins", postgresql.JSONB(), nullable=False),
        sa.Column("limits", postgresql.JSONB(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.ForeignKeyConstraint(["superior"], ["people.id"], name=op.f("fk_people_superior")),
        sa.CheckConstraint("superior <> id", name=op.f("ck_people_not_above_himself")),
    )
    op.create_table(
        "roles",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_roles_person")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_roles_entity_id")),
        sa.UniqueConstraint(
            "person", "role", "entity_id", name=op.f("uq_roles_person_role_entity_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_policies")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_policies_counted_from_one")),
    )
    op.execute("create trigger append_only before update or delete on policies for each row execute function refuse_change()")
    op.execute("create trigger never_emptied before truncate on policies execute function refuse_change()")
