"""Who may ask: API tokens, idempotency keys, limits on failures. All in Postgres: several APIs share them."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.edge_tables import api_tokens, idempotency_keys
from persistence.people_tables import people

SCOPES = (
    "orders:write",
    "orders:read",
    "cases:read",
    "cases:write",
    "people:read",
    "people:write",
    "policies:read",
    "policies:write",
    "money:read",
    "money:write",
    "payloads:read",
)


@dataclass(frozen=True)
class Token:
    """`scopes` are some of SCOPES. `person`: whom it belongs to; None for a program's."""

    name: str
    scopes: frozenset[str]
    person: str | None = None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def create_token(
    db: AsyncConnection, name: str, scopes: Sequence[str], now: datetime, person: str | None = None
) -> str:
    """The secret, shown once; the record keeps its hash. A token of the same name is replaced."""
    secret = f"lk_{secrets.token_urlsafe(32)}"
    row = {
        "name": name,
        "token_sha256": digest(secret),
        "scopes": list(scopes),
        "person": person,
        "created_at": now,
        "revoked_at": None,
    }
    statement = insert(api_tokens).on_conflict_do_update(index_elements=["name"], set_=row)
    await db.execute(statement, row)
    return secret


async def find_token(db: AsyncConnection, secret: str) -> Token | None:
    """None for the token of somebody who has left, too."""
    of_people = api_tokens.outerjoin(people, people.c.id == api_tokens.c.person)
    query = (
        select(api_tokens.c.name, api_tokens.c.scopes, api_tokens.c.person)
        .select_from(of_people)
        .where(
            api_tokens.c.token_sha256 == digest(secret),
            api_tokens.c.revoked_at.is_(None),
            people.c.active.is_not(False),
        )
    )
    row = (await db.execute(query)).one_or_none()
    return None if row is None else Token(row.name, frozenset(row.scopes), row.person)


async def works_here(db: AsyncConnection, person: str) -> bool:
    query = select(people.c.id).where(people.c.id == person, people.c.active)
    return (await db.execute(query)).first() is not None


async def token_is_in_use(db: AsyncConnection, name: str) -> bool:
    query = select(api_tokens.c.name).where(api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None))
    return (await db.execute(query)).first() is not None


async def revoke_token(db: AsyncConnection, name: str, now: datetime) -> bool:
    """False when no token of this name was in use."""
    in_use = (api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None))
    done = await db.execute(update(api_tokens).where(*in_use).values(revoked_at=now))
    return done.rowcount == 1


class KeyReused(Exception):
    """The idempotency key came before, with another body."""


async def remember(
    db: AsyncConnection, token: Token, key: str, request_hash: str, answer: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """The answer that belongs to this key: this one the first time, the first one ever after. Raises KeyReused.

    Two copies at the same time: the second waits for the first one's transaction.
    """
    row = {
        "token_name": token.name,
        "key": key,
        "request_hash": request_hash,
        "answer": dict(answer),
        "created_at": now,
    }
    await db.execute(insert(idempotency_keys).on_conflict_do_nothing(), row)
    query = select(idempotency_keys.c.request_hash, idempotency_keys.c.answer).where(
        idempotency_keys.c.token_name == token.name, idempotency_keys.c.key == key
    )
    kept = (await db.execute(query)).one()
    if kept.request_hash != request_hash:
        raise KeyReused(key)
    answered: Mapping[str, Any] = kept.answer
    return answered


_COUNT = text(
    """
    insert into rate_limits as r (subject, window_start, used) values (:subject, :now, 1)
    on conflict (subject) do update set
        used = case when r.window_start <= :begin then 1 else r.used + 1 end,
        window_start = case when r.window_start <= :begin then :now else r.window_start end
    returning used
    """
)
_TAKE = text(
    """
    insert into rate_limits as r (subject, window_start, used) values (:subject, :begin, :share)
    on conflict (subject) do update set
        used = case when r.window_start < :begin then :share else r.used + :share end,
        window_start = greatest(r.window_start, :begin)
    returning used
    """
)
# Strangers choose the subjects: what is long over is cleared away as new ones come. It waits for nobody's lock.
_CLEAR = text(
    """
    delete from rate_limits where subject in (
        select subject from rate_limits where window_start < :old order by window_start limit 10
        for update skip locked
    )
    """
)
_LONG_OVER = timedelta(days=1)
_USED = text("select used from rate_limits where subject = :subject and window_start > :begin")


async def count_failure(db: AsyncConnection, subject: str, window: timedelta, now: datetime) -> int:
    """Failures of this subject (such as `track/203.0.113.9`) in its window, this one included."""
    values = {"subject": subject, "now": now, "begin": now - window}
    used = int((await db.execute(_COUNT, values)).scalar_one())
    await db.execute(_CLEAR, {"old": now - _LONG_OVER})
    return used


async def failures(db: AsyncConnection, subject: str, window: timedelta, now: datetime) -> int:
    found = (await db.execute(_USED, {"subject": subject, "begin": now - window})).scalar_one_or_none()
    return int(found or 0)


async def take_share(db: AsyncConnection, subject: str, share: int, begin: datetime) -> int:
    """What of this window's allowance is taken by now, this share included. `begin` is the window's."""
    used = int((await db.execute(_TAKE, {"subject": subject, "share": share, "begin": begin})).scalar_one())
    await db.execute(_CLEAR, {"old": begin - _LONG_OVER})
    return used
