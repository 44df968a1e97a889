"""Policies: every version that was ever saved, as it was. The last one holds."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.policy import SHIPPED, Policy
from persistence.people_tables import policies

_POLICY = TypeAdapter(Policy)


@dataclass(frozen=True)
class Saved:
    """What was saved, by whom; the shipped policy by nobody."""

    policy: Policy
    saved_by: str | None = None
    saved_at: datetime | None = None


async def current(db: AsyncConnection) -> tuple[Policy, ...]:
    return tuple(each.policy for each in await list_current(db))


async def list_current(db: AsyncConnection) -> tuple[Saved, ...]:
    """Each policy's last version. The shipped one is among them until another one takes its name."""
    query = select(policies).ext(distinct_on(policies.c.id)).order_by(policies.c.id, policies.c.version.desc())
    saved = tuple(_saved(row) for row in (await db.execute(query)).mappings())
    shipped = () if any(each.policy.id == SHIPPED.id for each in saved) else (Saved(SHIPPED),)
    return (*shipped, *saved)


async def find(db: AsyncConnection, policy_id: str, version: int | None = None) -> Saved | None:
    """The last version where none is named."""
    if version is None:
        return next((each for each in await list_current(db) if each.policy.id == policy_id), None)
    query = select(policies).where(policies.c.id == policy_id, policies.c.version == version)
    row = (await db.execute(query)).mappings().one_or_none()
    if row is not None:
        return _saved(row)
    return Saved(SHIPPED) if (policy_id, version) == (SHIPPED.id, SHIPPED.version) else None


async def newest_version(db: AsyncConnection, policy_id: str) -> int:
    """0 when none was saved."""
    query = select(func.max(policies.c.version)).where(policies.c.id == policy_id)
    return int((await db.execute(query)).scalar_one_or_none() or 0)


async def add(db: AsyncConnection, policy: Policy, by: str, now: datetime) -> None:
    """One more version; who calls holds the lock and has checked it: persistence/policy_saving.py."""
    dumped = _POLICY.dump_python(policy, mode="json")
    row = {name: dumped[name] for name in ("id", "version", "rules")}
    await db.execute(insert(policies), {**row, "saved_by": by, "saved_at": now})


def _saved(row: RowMapping) -> Saved:
    policy = _POLICY.validate_python({name: row[name] for name in ("id", "version", "rules")})
    return Saved(policy, row["saved_by"], row["saved_at"])
