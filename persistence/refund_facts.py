"""What the record adds to the facts on which a policy decides: whose refund it is, where it was sold, and of what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.route import category_of

# A refund without lines (freight, goodwill, what is due) is about all goods of its order.
_KNOWN = text(
    """
    select r.id, o.customer_id as customer, s.region, coalesce(
        (select array_agg(distinct k.category) from refund_lines l
         join demands d on d.order_id = r.order_id and d.line_id = l.line_id join stock k on k.sku = d.sku
         where l.refund_id = r.id),
        (select array_agg(distinct k.category) from demands d join stock k on k.sku = d.sku
         where d.order_id = r.order_id),
        '{}') as categories
    from refunds r join orders o on o.id = r.order_id
    join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id
    where r.id = any(:ids)
    """
)


@dataclass(frozen=True)
class Known:
    customer: str
    region: str
    category: str


async def known(db: AsyncConnection, refund_ids: Sequence[str]) -> dict[str, Known]:
    """By refund; those that are not in the record are missing."""
    rows = await db.execute(_KNOWN, {"ids": list(refund_ids)})
    return {row.id: Known(row.customer, row.region, category_of(row.categories)) for row in rows}
