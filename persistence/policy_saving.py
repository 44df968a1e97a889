"""A policy goes live: looked at whole, against the people and entities of that moment, and told in the log."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Finding
from domain.policy import Policy
from domain.policy_checks import check, findings
from persistence import audit, people, policies
from persistence.failures import ChangedMeanwhile


async def save_policy(
    db: AsyncConnection, policy: Policy, by: str, now: datetime, *, based_on: int | None = None
) -> Policy:
    """With its version. Saying once more what holds already adds none. Raises PolicyRefused or ChangedMeanwhile.

    `based_on`: the version that it was made from, 0 for a first one; without it, whatever stands.
    """
    await db.execute(people.LOCK)
    stands = await policies.newest_version(db, policy.id)
    held = await policies.find(db, policy.id, stands) if stands else None
    if held is not None and held.policy.rules == policy.rules:
        return held.policy
    if based_on is not None and based_on != stands:
        raise ChangedMeanwhile(policy.id, stands)
    check(policy, await people.read_staff(db), await people.entity_ids(db))
    saved = replace(policy, version=stands + 1)
    await policies.add(db, saved, by, now)
    await audit.note_staff_deed(db, by, "save_policy", {"policy": saved.id, "version": saved.version}, now)
    return saved


async def look_at(db: AsyncConnection, policy: Policy) -> tuple[Finding, ...]:
    """What saving it would be refused for."""
    return findings(policy, await people.read_staff(db), await people.entity_ids(db))
