"""News that is still to be sent, out of the record.

What leaves together is fixed before the first attempt (`sending`): sent again, a message has the same id and the same
text, also when more has been written meanwhile. A digest is named after its first piece.
"""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.news import Audience
from domain.news_times import NewsTimes
from domain.news_words import as_message
from domain.reference import OrderId
from persistence.customers import Customers
from persistence.engine import Engine
from persistence.news import WrittenNews, from_row
from persistence.news_tables import news
from persistence.sealing import SealBroken
from ports.clock import Clock
from ports.news import NewsMessage, NewsOutbox

AT_ONCE = 50

_TURN = text("select pg_advisory_xact_lock(hashtext('lockstep news'))")
_JOIN = text(
    """
    with ready as (
        select id, audience, recipient, written_at from news
        where sent_at is null and sending is null and written_at <= case audience
            when 'staff' then cast(:staff as timestamptz) else cast(:customer as timestamptz) end
    ), named as (
        select id, case audience when 'customer' then id else first_value(id) over (
            partition by audience, recipient order by written_at, id
        ) end as sending
        from ready
    )
    update news set sending = named.sending from named where news.id = named.id
    """
)
# Whoever was erased is told nothing any more: his address is gone.
_NOBODY_THERE = text(
    """
    delete from news where sent_at is null and audience = 'customer' and not exists (
        select from orders o join customer_keys k on k.customer_id = o.customer_id where o.id = news.recipient
    )
    """
)
_NEXT = text(
    """
    select * from news where sent_at is null and sending in (
        select sending from news where sent_at is null and sending is not null
          and (audience = 'staff' or cast(:customer as timestamptz) is not null)
        group by sending order by min(attempts), min(written_at), sending limit :at_once
    ) order by attempts, sending, written_at, id
    """
)


class PostgresNewsOutbox(NewsOutbox):
    def __init__(self, engine: Engine, customers: Customers, clock: Clock, times: NewsTimes) -> None:
        self._engine = engine
        self._customers = customers
        self._clock = clock
        self._times = times

    async def take(self) -> tuple[NewsMessage, ...]:
        now = self._clock.now()
        async with self._engine.begin() as db:
            await db.execute(_TURN)
            await db.execute(_NOBODY_THERE)
            leaves = {each.value: self._times.leaves(each, now) for each in Audience}
            await db.execute(_JOIN, leaves)
            rows = (await db.execute(_NEXT, {"at_once": AT_ONCE, "customer": leaves[Audience.CUSTOMER]})).all()
            together = [list(pieces) for _, pieces in groupby(rows, key=lambda row: row.sending)]
            found = [
                await self._message(db, pieces[0].sending, [from_row(each) for each in pieces]) for pieces in together
            ]
        return tuple(each for each in found if each is not None)

    async def _message(self, db: AsyncConnection, name: str, pieces: Sequence[WrittenNews]) -> NewsMessage | None:
        """None for an address that cannot be read; the row says so."""
        first = pieces[0].piece
        to = first.recipient
        if first.audience is Audience.CUSTOMER:
            try:
                recipient, _ = await self._customers.recipient_and_note(db, OrderId.parse(first.recipient))
            except SealBroken:
                await _note(db, name, "the customer's address cannot be unsealed")
                return None
            to = recipient.phone
        return NewsMessage(name, first.audience, to, as_message([each.piece for each in pieces]))

    async def sent(self, message_id: str) -> None:
        of_it = (news.c.sending == message_id, news.c.sent_at.is_(None))
        async with self._engine.begin() as db:
            await db.execute(update(news).where(*of_it).values(sent_at=self._clock.now(), last_error=None))

    async def not_sent(self, message_id: str, why: str) -> None:
        async with self._engine.begin() as db:
            await _note(db, message_id, why)


async def _note(db: AsyncConnection, message_id: str, why: str) -> None:
    of_it = (news.c.sending == message_id, news.c.sent_at.is_(None))
    await db.execute(update(news).where(*of_it).values(attempts=news.c.attempts + 1, last_error=why))
