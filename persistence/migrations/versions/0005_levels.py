"""Whatever changes what is available of a sku leaves an outbox row, and each shop's levels that it has not been told yet.

The rows are written by triggers: every statement that changes stock, today's and tomorrow's, leaves its row in its own
transaction and without a further round trip. docs/decisions: a level is told from the outbox.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "untold_levels",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("platform_sku", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "shop_id", "platform_sku", name=op.f("pk_untold_levels")),
    )
    op.execute("create sequence level_versions")
    op.create_index(
        op.f("ix_sku_matches_components"),
        "sku_matches",
        ["components"],
        postgresql_using="gin",
        postgresql_ops={"components": "jsonb_path_ops"},
    )
    op.execute(
        """
        create function level_changed() returns trigger language plpgsql as $$
        begin
            insert into outbox (kind, subject, payload, written_at) values
                ('stock_level', new.sku, jsonb_build_object('available', new.on_hand - new.reserved), clock_timestamp());
            return null;
        end $$
        """
    )
    op.execute("create trigger first_level after insert on stock for each row execute function level_changed()")
    op.execute(
        """
        create trigger other_level after update on stock for each row
        when (new.on_hand - new.reserved <> old.on_hand - old.reserved) execute function level_changed()
        """
    )
    op.execute(
        """
        create function match_changed() returns trigger language plpgsql as $$
        begin
            insert into outbox (kind, subject, payload, written_at) values
                ('stock_level', new.components -> 0 ->> 'sku', jsonb_build_object('match', new.version),
                 clock_timestamp());
            return null;
        end $$
        """
    )
    op.execute("create trigger other_match after insert on sku_matches for each row execute function match_changed()")
