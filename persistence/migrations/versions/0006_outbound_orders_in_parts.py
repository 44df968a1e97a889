"""An order may go out in several outbound orders, each with contents of its own; what will not come is dropped."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("split", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("demands", sa.Column("dropped", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_demands_dropped_within_ordered"), "demands", "dropped between 0 and quantity")
    op.add_column("outbound_orders", sa.Column("number", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "outbound_orders",
        sa.Column("contents", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("outbound_orders", sa.Column("stopped", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        """
        update outbound_orders p set
          contents = coalesce(
            (select jsonb_object_agg(line_id, quantity) from demands d where d.order_id = p.order_id), '{}'
          ),
          stopped = (select fulfilment = 'stopped' from orders o where o.id = p.order_id)
        """
    )
    op.alter_column("outbound_orders", "number", server_default=None)
    op.alter_column("outbound_orders", "contents", server_default=None)
    op.drop_constraint("pk_outbound_orders", "outbound_orders")
    op.create_primary_key("pk_outbound_orders", "outbound_orders", ["order_id", "number"])
