"""People, read and written as a whole: each change is looked at together with everybody else and with the policies."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import USUAL_WEEK, Calendar
from domain.errors import Finding, PolicyRefused, StaffRefused
from domain.people import Person, Post, Staff
from domain.policy_checks import unheld
from persistence import audit, policies
from persistence.failures import ChangedMeanwhile
from persistence.people_tables import people, roles
from persistence.tables import entities, shops

_PERSON = TypeAdapter(Person)
_CALENDAR = TypeAdapter(Calendar)
_PEOPLE = text(
    """
    select p.*, (
        select coalesce(jsonb_agg(jsonb_build_object('role', role, 'entity_id', entity_id)), '[]')
        from roles r where r.person = p.id
    ) as posts
    from people p order by p.id
    """
)
LOCK = text("lock table people in share row exclusive mode")
"""Who changes people or policies waits here for whoever else does; readers wait for nobody."""


@dataclass(frozen=True)
class KnownPerson:
    """`version` grows with each change of this person."""

    person: Person
    version: int
    changed_at: datetime


async def list_people(db: AsyncConnection) -> tuple[KnownPerson, ...]:
    rows = (await db.execute(_PEOPLE)).mappings()
    return tuple(
        KnownPerson(_in_order(_PERSON.validate_python(dict(row))), row["version"], row["changed_at"]) for row in rows
    )


def _in_order(person: Person) -> Person:
    """Posts are a set: in one order and each once, so that what says the same is the same."""
    posts = sorted(set(person.posts), key=lambda post: (post.role, post.entity_id or ""))
    return replace(person, posts=tuple(posts))


async def read_staff(db: AsyncConnection) -> Staff:
    return Staff(tuple(known.person for known in await list_people(db)))


async def save_people(
    db: AsyncConnection, changed: Iterable[Person], by: str, now: datetime, *, seen: Mapping[str, int]
) -> tuple[KnownPerson, ...]:
    """Those who were really changed. Raises StaffRefused, PolicyRefused, ChangedMeanwhile.

    `seen`: the versions that changes were made from, 0 for somebody new; who is not in it is changed whatever stands.
    A change that leaves a step of a policy without anybody is refused, unless the step had nobody before.
    """
    await db.execute(LOCK)
    known = {each.person.id: each for each in await list_people(db)}
    before = Staff(tuple(each.person for each in known.values()))
    wanted = {person.id: _in_order(person) for person in changed}
    different = [each for each in wanted.values() if each.id not in known or known[each.id].person != each]
    for person in different:
        stands = known[person.id].version if person.id in known else 0
        if seen.get(person.id, stands) != stands:
            raise ChangedMeanwhile(person.id, stands)
    after = Staff((*(each for each in before.people if each.id not in wanted), *wanted.values()))
    named = await entity_ids(db)
    _must_be_posts_in(named, wanted.values())
    await _must_leave_signers(db, before, after, named)
    saved = [
        KnownPerson(each, known[each.id].version + 1 if each.id in known else 1, now) for each in _from_above(different)
    ]
    for each in saved:
        await _write(db, each)
        told = _PERSON.dump_python(each.person, mode="json", exclude={"id", "name"})  # a log that stays names nobody
        about = {"person": each.person.id, "version": each.version, **told}
        await audit.note_staff_deed(db, by, "save_person", about, now)
    return tuple(saved)


def _must_be_posts_in(named: Collection[str], wanted: Iterable[Person]) -> None:
    posts = ((person.id, post) for person in wanted for post in person.posts)
    if wrong := [f"{person}: there is no entity {post.entity_id}" for person, post in posts if _unknown(post, named)]:
        raise StaffRefused("; ".join(wrong))


def _unknown(post: Post, named: Collection[str]) -> bool:
    return post.entity_id is not None and post.entity_id not in named


async def _must_leave_signers(db: AsyncConnection, before: Staff, after: Staff, named: Collection[str]) -> None:
    for policy in await policies.current(db):
        missing = set(unheld(policy, after, named)) - set(unheld(policy, before, named))
        if missing:
            findings = sorted(missing, key=lambda each: each.place)
            raise PolicyRefused(tuple(Finding(f"{policy.id}.{each.place}", each.what) for each in findings))


def _from_above(changed: Iterable[Person]) -> list[Person]:
    """Superiors first: a row names only people who are there."""
    left, sorted_people = list(changed), list[Person]()
    while left:
        waiting = {person.id for person in left}
        free = [person for person in left if person.superior not in waiting]
        sorted_people += free
        left = [person for person in left if person not in free]
    return sorted_people


async def _write(db: AsyncConnection, known: KnownPerson) -> None:
    row = _PERSON.dump_python(known.person, mode="json")
    posts = row.pop("posts")
    row |= {"version": known.version, "changed_at": known.changed_at}
    await db.execute(upsert(people).on_conflict_do_update(index_elements=["id"], set_=row), row)
    await db.execute(delete(roles).where(roles.c.person == known.person.id))
    if posts:
        await db.execute(insert(roles), [{"person": known.person.id, **post} for post in posts])


async def entity_ids(db: AsyncConnection) -> tuple[str, ...]:
    return tuple((await db.execute(select(entities.c.id).order_by(entities.c.id))).scalars())


@dataclass(frozen=True)
class Place:
    """Where a shop belongs, and when people work there."""

    entity_id: str
    calendar: Calendar


async def places(db: AsyncConnection) -> dict[str, Place]:
    """By `channel/shop`."""
    query = select(shops.c.channel, shops.c.shop_id, entities).join(entities, entities.c.id == shops.c.entity_id)
    return {f"{row.channel}/{row.shop_id}": Place(row.id, _calendar(row)) for row in await db.execute(query)}


async def entity_of(db: AsyncConnection, channel: str, shop_id: str) -> str | None:
    query = select(shops.c.entity_id).where(shops.c.channel == channel, shops.c.shop_id == shop_id)
    return (await db.execute(query)).scalar_one_or_none()


async def calendar_of(db: AsyncConnection, entity_id: str) -> Calendar:
    """The usual working week in the entity's zone until it has hours of its own."""
    query = select(entities.c.time_zone, entities.c.working_hours).where(entities.c.id == entity_id)
    row = (await db.execute(query)).one_or_none()
    return USUAL_WEEK if row is None else _calendar(row)


def _calendar(row: Row[Any, Any]) -> Calendar:
    hours: dict[str, Any] = row.working_hours or {}
    return _CALENDAR.validate_python({**hours, "zone": row.time_zone})


async def time_zone_of(db: AsyncConnection, entity_id: str) -> str | None:
    return (await db.execute(select(entities.c.time_zone).where(entities.c.id == entity_id))).scalar_one_or_none()


async def set_working_hours(db: AsyncConnection, entity_id: str, calendar: Calendar) -> None:
    hours = _CALENDAR.dump_python(calendar, mode="json", exclude={"zone"})
    await db.execute(update(entities).where(entities.c.id == entity_id).values(working_hours=hours))
