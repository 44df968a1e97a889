"""People of whom tests need no more than that they work here."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.builders import NOON

_HIRED = text(
    """
    insert into people (id, name, stand_ins, limits, active, version, changed_at)
    values (:id, :id, '[]', '[]', true, 1, :now) on conflict do nothing
    """
)


async def hired(db: AsyncConnection, person: str) -> None:
    """In the record, with no role; who is there already stays as he is."""
    await db.execute(_HIRED, {"id": person, "now": NOON})
