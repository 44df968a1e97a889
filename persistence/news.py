"""News for people, written in the transaction of what it tells of; and what each person of the staff finds of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import Money
from domain.news import Audience, News, Topic
from persistence.news_tables import news

MOST_SHOWN = 200
MOST_LISTED = 1_000


async def write(db: AsyncConnection, pieces: Iterable[News], now: datetime) -> None:
    """What was written before is not written again, whoever tries."""
    rows = [
        {
            "id": each.id,
            "topic": each.topic,
            "event": each.event,
            "audience": each.audience,
            "recipient": each.recipient,
            "order_id": each.order_id,
            "refund_id": each.refund_id,
            "amount_minor": each.amount.amount_minor if each.amount else None,
            "currency": each.amount.currency if each.amount else None,
            "written_at": now,
        }
        for each in pieces
    ]
    if rows:
        await db.execute(insert(news).on_conflict_do_nothing(), rows)


@dataclass(frozen=True)
class WrittenNews:
    piece: News
    written_at: datetime
    read_at: datetime | None


_OF_STAFF = news.c.audience == Audience.STAFF


async def for_person(db: AsyncConnection, person: str, *, unread_only: bool) -> tuple[WrittenNews, ...]:
    """The newest first."""
    query = select(news).where(_OF_STAFF, news.c.recipient == person)
    query = query.where(news.c.read_at.is_(None)) if unread_only else query
    rows = await db.execute(query.order_by(news.c.written_at.desc(), news.c.id).limit(MOST_SHOWN))
    return tuple(from_row(row) for row in rows)


def from_row(row: object) -> WrittenNews:
    found = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - sqlalchemy's public name for it
    amount = None if found["currency"] is None else Money(found["amount_minor"], found["currency"])
    piece = News(
        Topic(found["topic"]),
        found["event"],
        Audience(found["audience"]),
        found["recipient"],
        found["order_id"],
        found["refund_id"],
        amount,
    )
    return WrittenNews(piece, found["written_at"], found["read_at"])


async def version_for(db: AsyncConnection, person: str) -> int:
    """Grows with each piece written and each one read: nothing is ever deleted or unread."""
    query = select(func.count() + func.count(news.c.read_at)).where(_OF_STAFF, news.c.recipient == person)
    return int((await db.execute(query)).scalar_one())


async def mark_read(db: AsyncConnection, person: str, news_id: str, now: datetime) -> bool:
    """False for what is not his. The first time counts."""
    of_his = (news.c.id == news_id, _OF_STAFF, news.c.recipient == person)
    await db.execute(update(news).where(*of_his, news.c.read_at.is_(None)).values(read_at=now))
    return (await db.execute(select(news.c.id).where(*of_his))).first() is not None


@dataclass(frozen=True)
class Unsent:
    """`message`: what it goes out with, once that is fixed; else its own id."""

    message: str
    topic: str
    audience: str
    recipient: str
    written_at: datetime
    attempts: int
    last_error: str


async def list_unsent(db: AsyncConnection) -> list[Unsent]:
    """The oldest first."""
    columns = (news.c.topic, news.c.audience, news.c.recipient, news.c.written_at, news.c.attempts)
    name, error = func.coalesce(news.c.sending, news.c.id), func.coalesce(news.c.last_error, "")
    query = select(name, *columns, error).where(news.c.sent_at.is_(None)).order_by(news.c.written_at, news.c.id)
    return [Unsent(*row) for row in await db.execute(query.limit(MOST_LISTED))]


@dataclass(frozen=True)
class NewsCounts:
    """`messages`: what left, a digest counted once. `waiting`: pieces that have not."""

    written: int
    waiting: int
    messages: int


async def news_counts(db: AsyncConnection) -> NewsCounts:
    left = news.c.sent_at.is_not(None)
    messages = func.count(news.c.sending.distinct()).filter(left)
    query = select(func.count(), func.count().filter(~left), messages).select_from(news)
    return NewsCounts(*(await db.execute(query)).one())
