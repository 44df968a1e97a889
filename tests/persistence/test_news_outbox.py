"""News on its way, on a real record: a gateway that is away, answers that are lost, senders that die, nights."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.news import NewsSender
from domain.limits import Limits
from domain.news import Audience, News, Topic
from domain.news_times import NewsTimes
from persistence import news
from persistence.customers import Customers
from persistence.news import NewsCounts
from persistence.news_outbox import PostgresNewsOutbox
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.errors import AnswerNotUnderstood, Unavailable
from ports.news import NewsMessage
from ports.records import OrderPlaced
from ports.warehouse import Recipient
from tests.builders import NOON, ORDER_ID, order, yuan
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow

RECIPIENT = Recipient("云小满", "13900001234", "浙江省", "杭州市", "西湖区", "假想路 1 号")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
CUSTOMER = Audience.CUSTOMER


class Gateway:
    """`answer_lost`: what it delivers, and then nobody hears of it."""

    def __init__(self) -> None:
        self.is_down = False
        self.answer_lost = False
        self.refuses = ""
        self.calls: list[str] = []
        self.delivered: dict[str, NewsMessage] = {}

    async def carry(self, message: NewsMessage) -> None:
        self.calls.append(message.id)
        if self.is_down:
            raise Unavailable("the gateway is down")
        if self.refuses and self.refuses in message.text:
            raise AnswerNotUnderstood("the gateway answered 422")
        assert self.delivered.setdefault(message.id, message) == message, "the same id with other content"
        if self.answer_lost:
            raise Unavailable("no answer")


class Post:
    """A record with one customer's order, and senders that a test lets look when it wants. It is noon in Shanghai."""

    def __init__(self, record: AsyncEngine) -> None:
        self.record, self.clock, self.gateway = record, FixedClock(NOON), Gateway()
        self.customers = Customers(b"k" * 32, self.clock)
        self.times = NewsTimes()
        self.outbox = PostgresNewsOutbox(record, self.customers, self.clock, self.times)
        self.sender = self.another_sender()

    def another_sender(self) -> NewsSender:
        return NewsSender(self.outbox, self.gateway, self.clock, Limits())

    async def look(self, after: timedelta = timedelta()) -> int:
        """How many messages were delivered by then."""
        self.clock.time += after
        async with asyncio.TaskGroup() as tasks:
            self.sender.round(tasks)
        return len(self.gateway.delivered)

    async def placed(self) -> None:
        async with self.record.begin() as db:
            sealed = await self.customers.seal_recipient(db, "c-17", RECIPIENT)
            note = await self.customers.seal_note(db, "c-17", "")
        orders = PostgresOrders(self.record, self.customers, self.clock, Limits())
        await orders.place(OrderPlaced(order(), "c-17", sealed, note, "tail"))

    async def write(self, *events: str, to: str = "lin", audience: Audience = Audience.STAFF) -> None:
        recipient = str(ORDER_ID) if audience is CUSTOMER else to
        about = [(event, audience, recipient, f"shop/tea/{event}", "r1", yuan("12.00")) for event in events]
        pieces = [News(Topic.TO_SIGN, *each) for each in about]
        async with self.record.begin() as db:
            await news.write(db, pieces, self.clock.now())

    async def unsent(self) -> int:
        async with self.record.connect() as db:
            return int((await db.execute(text("select count(*) from news where sent_at is null"))).scalar_one())


@pytest.fixture
async def post(record: AsyncEngine) -> Post:
    opened = Post(record)
    await opened.placed()
    return opened


async def test_a_customer_is_told_at_once_by_day_on_the_phone_that_the_shop_told(post: Post) -> None:
    await post.write("1", audience=CUSTOMER)
    assert [await post.look() for _ in range(2)] == [1, 1]
    (message,) = post.gateway.delivered.values()
    assert (message.to, message.text) == (RECIPIENT.phone, "待审批 waits for your decision: 1, 12.00 CNY")
    assert RECIPIENT.phone not in repr(message)
    assert (post.gateway.calls, await post.unsent()) == ([message.id], 0)


async def test_what_is_written_at_night_goes_out_in_the_morning(post: Post) -> None:
    post.clock.time = NOON + 10 * HOUR
    await post.write("1", audience=CUSTOMER)
    assert await post.look() == 0
    assert await post.look(10 * HOUR - SECOND) == 0
    assert await post.look(SECOND) == 1


async def test_what_comes_to_somebody_within_one_window_is_one_message(post: Post) -> None:
    post.clock.time = NOON + SECOND
    await post.write("1", "2")
    await post.write("3", to="wu")
    assert await post.look(9 * MINUTE) == 0
    assert await post.look(MINUTE) == 2
    by_person = {each.to: each.text for each in post.gateway.delivered.values()}
    assert by_person["lin"].startswith("2 条消息 messages\n")
    assert by_person["wu"] == "待审批 waits for your decision: 3, 12.00 CNY"


async def test_a_gateway_that_is_down_is_left_alone_for_a_while_and_nothing_is_lost(post: Post) -> None:
    post.gateway.is_down = True
    await post.write("1", audience=CUSTOMER)
    for _ in range(3):
        await post.look()
    assert len(post.gateway.calls) == 1
    await post.look(SECOND)
    await post.look(SECOND)
    assert len(post.gateway.calls) == 2, "the second rest is twice as long"
    post.gateway.is_down = False
    assert await post.look(MINUTE) == 1
    assert (await post.unsent(), len(set(post.gateway.calls))) == (0, 1)


async def test_an_answer_that_is_lost_sends_the_same_message_again_and_nobody_gets_it_twice(post: Post) -> None:
    post.clock.time = NOON
    await post.write("1", "2")
    post.gateway.answer_lost = True
    assert await post.look() == 1
    await post.write("3")
    post.gateway.answer_lost = False
    post.sender = post.another_sender()
    assert await post.look() == 2, "what was written meanwhile is another message"
    assert len(post.gateway.calls) == 3
    async with post.record.connect() as db:
        assert await news.news_counts(db) == NewsCounts(written=3, waiting=0, messages=2)


async def test_a_sender_that_dies_before_the_record_knows_sends_the_same_again(post: Post) -> None:
    await post.write("1", audience=CUSTOMER)
    for message in await post.outbox.take():
        await post.gateway.carry(message)
    post.sender = post.another_sender()
    assert await post.look() == 1
    assert len(post.gateway.calls) == 2
    assert (len(set(post.gateway.calls)), await post.unsent()) == (1, 0)


async def test_a_message_that_is_refused_holds_up_no_other_and_is_listed(post: Post, record_url: str) -> None:
    post.gateway.refuses = ": 1,"
    await post.write("1", "2", audience=CUSTOMER)
    await post.look()
    assert await post.look(MINUTE) == 1
    lockstep = CommandLine({"DATABASE_URL": record_url})
    (waits,) = (await lockstep.data("news"))["unsent"]
    assert (waits["recipient"], waits["last_error"]) == (str(ORDER_ID), "the gateway answered 422")
    assert waits["attempts"] >= 1
    assert "the gateway answered 422" in (await lockstep("news")).out


async def test_whoever_was_erased_is_told_nothing_any_more(post: Post) -> None:
    await post.write("1", audience=CUSTOMER)
    async with post.record.begin() as db:
        await post.customers.erase(db, "c-17")
    assert await post.look() == 0
    assert (post.gateway.calls, await post.unsent()) == ([], 0)
