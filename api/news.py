"""What a person of the staff is told, read in his name."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from api.actors import deciding
from api.errors import Problem
from api.versions import etag
from domain.news import Topic
from domain.news_words import in_words
from persistence import news
from persistence.access import Token
from persistence.engine import reading
from persistence.news import WrittenNews
from runtime.wiring import House

State = Literal["unread", "all"]


class NewsAnswer(BaseModel):
    """`text` in Chinese and English. Where to look is named by `order` and `refund`; either may be absent."""

    id: str
    topic: Topic
    text: str
    order: str | None
    refund: str | None
    amount_minor: int | None
    currency: str | None
    written_at: datetime
    read_at: datetime | None


class NewsPage(BaseModel):
    messages: list[NewsAnswer]


async def list_news(house: House, token: Token, state: State) -> tuple[NewsPage, str]:
    """With its ETag: the version is looked at first, so that the list is never older than what its tag promises."""
    person = deciding(token, None)
    async with reading(house.engine) as db:
        version = await news.version_for(db, person)
        found = await news.for_person(db, person, unread_only=state == "unread")
    return NewsPage(messages=[_answer(each) for each in found]), etag(version)


async def mark_read(house: House, token: Token, news_id: str) -> None:
    """Problem 404 for what is not his."""
    person = deciding(token, None)
    async with house.engine.begin() as db:
        if not await news.mark_read(db, person, news_id, house.clock.now()):
            raise Problem(404, "unknown-message", "you have no such message: list yours with GET /me/messages")


def _answer(told: WrittenNews) -> NewsAnswer:
    piece = told.piece
    return NewsAnswer(
        id=piece.id,
        topic=piece.topic,
        text=in_words(piece),
        order=piece.order_id,
        refund=piece.refund_id,
        amount_minor=piece.amount.amount_minor if piece.amount else None,
        currency=piece.amount.currency if piece.amount else None,
        written_at=told.written_at,
        read_at=told.read_at,
    )
