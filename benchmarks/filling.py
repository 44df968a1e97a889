"""A record full of finished orders: copies of one that really went its way, row by row, under other numbers.

The ledger is left out: its entries refuse to be written otherwise than by the book.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

TABLES = (
    "orders",
    "order_lines",
    "demands",
    "payment_plan",
    "payments",
    "reservations",
    "outbound_orders",
    "shipments",
    "audit_log",
    "audit_heads",
    "inbound_events",
)
PREFIX = "F"
# What must differ from copy to copy, as SQL over the template's row `t` and the running number `g`.
_OWN = {
    "order_no": f"'{PREFIX}' || g",
    "order_id": f"'shop/tea/{PREFIX}' || g",
    "trade_no": "t.trade_no || '-' || g",
    "reference": "t.reference || '-' || g",
    "parcel_no": "t.parcel_no || '-' || g",
    "updated_at": "t.updated_at - g * interval '1 second'",
}
_COLUMNS = text(
    """
    select column_name from information_schema.columns
    where table_schema = 'public' and table_name = :name and is_identity = 'NO' order by ordinal_position
    """
)


async def fill(engine: AsyncEngine, template: str, first: int, last: int) -> None:
    """Orders `shop/tea/F<first>` to `F<last>`, like the order of that number."""
    async with engine.begin() as db:
        await db.execute(text("set local statement_timeout = 0"))
        for name in TABLES:
            await _copy(db, name, template, first, last)
        await db.execute(text("analyze"))  # as autovacuum would, a minute later


async def _copy(db: AsyncConnection, name: str, template: str, first: int, last: int) -> None:
    columns = list((await db.execute(_COLUMNS, {"name": name})).scalars())
    own = _OWN | ({"id": _OWN["order_id"]} if name == "orders" else {})
    values = ", ".join(own.get(each, f"t.{each}") for each in columns)
    key = "id" if name == "orders" else "order_id"
    copied = f"""
        insert into {name} ({", ".join(columns)})
        select {values} from {name} t cross join generate_series(cast(:first as int), cast(:last as int)) g
        where t.{key} = :template
    """  # noqa: S608 - names of our own tables and columns
    await db.execute(text(copied), {"first": first, "last": last, "template": f"shop/tea/{template}"})
