"""What the record tells of its own work: once for each thing that happened, and only when it is safe."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.case import Cause
from domain.limits import Limits
from domain.reference import OrderId
from persistence.customers import Customers
from persistence.evidence import Arrival, Evidence, Verdict
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import CaseOpened, PushRecorded
from tests.builders import NOON, ORDER_ID, capture, placed, settled, step

pytestmark = pytest.mark.slow

KEY = b"k" * 32
PUSHED = PushRecorded(ORDER_ID, f"order/{ORDER_ID}/push", "OUT-1")


@dataclass
class Heard:
    told: list[tuple[object, ...]] = field(default_factory=list)

    def order_placed(self, order_id: OrderId) -> None:
        self.told.append(("placed", str(order_id)))

    def order_paid(self, after: timedelta) -> None:
        self.told.append(("paid", after.total_seconds()))

    def order_pushed(self, after: timedelta, *, attended: bool) -> None:
        self.told.append(("pushed", after.total_seconds(), attended))

    def reminded(self, what: str) -> None:
        raise AssertionError(what)

    def case_opened(self, cause: Cause) -> None:
        self.told.append(("case", cause))


class Told:
    """A record whose clock the test moves."""

    def __init__(self, record: AsyncEngine) -> None:
        self._record = record
        self.clock = FixedClock(NOON)
        self.heard = Heard()
        self.orders = PostgresOrders(record, Customers(KEY, self.clock), self.clock, Limits(), self.heard)

    @property
    def told(self) -> list[tuple[object, ...]]:
        return self.heard.told

    async def push(self, fact: PushRecorded = PUSHED) -> None:
        """The goods are reserved, the warehouse has the order."""
        await self.orders.reserve_stock(step())
        await self.orders.record_push(fact)

    def passes(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    async def message(self, kind: str = "payment.notice") -> tuple[int, ...]:
        """One message comes in now."""
        arrival = Arrival("alipay", "n-1", kind, b"", Verdict.ACCEPTED)
        async with self._record.begin() as db:
            return (await Evidence(KEY).keep(db, arrival, self.clock.now()),)


@pytest.fixture
def here(record: AsyncEngine) -> Told:
    return Told(record)


async def test_from_the_notice_to_the_payment_and_from_there_to_the_warehouse(here: Told) -> None:
    await here.orders.place(placed())
    here.passes(60)
    notice = await here.message()
    here.passes(0.25)
    await here.orders.record_payment(settled(event_ids=notice))
    here.passes(2)
    await here.push()
    assert here.told == [("placed", str(ORDER_ID)), ("paid", 0.25), ("pushed", 2.0, False)]


async def test_a_repeated_step_tells_nothing_again(here: Told) -> None:
    notice = await here.message()
    silent = CaseOpened(ORDER_ID, Cause.PUSH_FAILED, str(ORDER_ID), "no answer")
    for steps in (
        lambda: here.orders.place(placed()),
        lambda: here.orders.record_payment(settled(event_ids=notice)),
        lambda: here.orders.open_case(silent),
        here.push,
    ):
        for _ in range(3):
            await steps()
            here.passes(1)
    assert here.told == [("placed", str(ORDER_ID)), ("paid", 3.0), ("case", Cause.PUSH_FAILED), ("pushed", 6.0, True)]


async def test_money_that_came_first_counts_from_the_orders_own_message(here: Told) -> None:
    early = await here.message()
    await here.orders.record_payment(settled(event_ids=early))
    here.passes(600)
    order = await here.message("order.placed")
    here.passes(1)
    await here.orders.place(placed(event_ids=order))
    here.passes(3)
    await here.push()
    assert here.told[1:] == [("paid", 1.0), ("pushed", 3.0, False)]


async def test_money_that_does_not_pay_the_order_is_not_timed(here: Told) -> None:
    await here.orders.place(placed())
    await here.orders.record_payment(settled(capture("1.00"), event_ids=await here.message()))
    assert here.told == [("placed", str(ORDER_ID)), ("case", Cause.AMOUNT_MISMATCH)]


async def test_a_payment_that_we_had_to_ask_for_had_no_notice_to_count_from(here: Told) -> None:
    await here.orders.place(placed())
    await here.orders.record_payment(settled())
    assert here.told == [("placed", str(ORDER_ID))]


async def test_a_push_that_a_person_made_elsewhere_is_not_the_warehouses_speed(here: Told) -> None:
    await here.orders.place(placed())
    await here.orders.record_payment(settled())
    skipped = PushRecorded(ORDER_ID, f"order/{ORDER_ID}/push", outside_shipment_no="X-1", by="lin and wu")
    await here.push(skipped)
    assert here.told == [("placed", str(ORDER_ID))]


async def test_what_the_record_refuses_is_not_told(here: Told, record: AsyncEngine) -> None:
    await here.orders.place(placed())
    notice = await here.message()
    async with record.begin() as db:
        await db.execute(text("alter table orders add check (payment <> 'paid')"))
    await here.orders.record_payment(settled(event_ids=notice))
    assert here.told == [("placed", str(ORDER_ID)), ("case", Cause.IMPOSSIBLE_FACT)]
