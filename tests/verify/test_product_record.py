"""What the product writes itself holds: its chains, its books, its axes, checked by rules written apart from it."""

from dataclasses import replace

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.case import Cause
from domain.limits import Limits
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from persistence import audit
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import CancelRequested, CaseOpened, PushRecorded
from tests.builders import capture, order, placed, reported, settled, step
from tests.verify.conftest import insert_row, plain
from tests.verify.shelves import levels
from tests.verify.small_world import NOON, SmallWorld, moment
from verify import check

pytestmark = pytest.mark.slow


@pytest.fixture
def orders(record: AsyncEngine) -> PostgresOrders:
    clock = FixedClock(NOON)
    return PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())


def number(no: str) -> OrderId:
    return OrderId("shop", "tea", no)


async def paid(orders: PostgresOrders, no: str, amount: str = "144.00", *, source: str = "notice") -> None:
    fact = settled(capture(amount, f"T{no}", paid_at=moment(3)), number(no))
    await orders.record_payment(replace(fact, source=source))


async def pushed(orders: PostgresOrders, no: str) -> None:
    await orders.reserve_stock(step(order_id=number(no)))
    await orders.record_push(PushRecorded(number(no), f"order/shop/tea/{no}/push", f"OB{no}"))


async def delivered(orders: PostgresOrders, no: str) -> None:
    contents = (ParcelContent("1", 2),)
    parcel = Parcel(f"OB{no}-1", "sf", f"SF{no}1", contents, delivered_at=moment(40))
    await orders.report_parcel(reported(parcel, number(no)))
    left = Parcel(f"OB{no}-1", "sf", f"SF{no}1", contents, shipped_at=moment(20))
    await orders.report_parcel(reported(left, number(no)))


async def five_orders(orders: PostgresOrders) -> None:
    await paid(orders, "1001")  # before its order is known
    for no in ("1001", "1002", "1003", "1004", "1005"):
        await orders.place(placed(order(number(no))))
    await pushed(orders, "1001")
    await delivered(orders, "1001")
    await orders.complete(step(order_id=number("1001")))
    await paid(orders, "1002", "145.00")
    await paid(orders, "1003", source="query")
    await orders.open_case(CaseOpened(number("1003"), Cause.PUSH_FAILED, "shop/tea/1003", "the warehouse is silent"))
    await pushed(orders, "1003")
    await orders.stop(step(order_id=number("1004")))
    await paid(orders, "1005")
    await pushed(orders, "1005")
    await orders.request_cancellation(CancelRequested(number("1005"), "shop tea", "other wishes"))
    await orders.stop(step(order_id=number("1005")))


def outside() -> SmallWorld:
    world = SmallWorld()
    for no in ("1001", "1002", "1003", "1004", "1005"):
        world.place(no)
    for no, amount, told in (
        ("1001", 14400, True),
        ("1002", 14500, True),
        ("1003", 14400, False),
        ("1005", 14400, True),
    ):
        world.pay(no, amount, told=told)
    for no in ("1001", "1003", "1005"):
        world.push(no)
    world.parcel("1001", {"1": 2})
    world.trade("1004", 14400, "closed", None)
    world.cancel("1005")
    world.stop("1005")
    world.dump["shop"]["levels"] = levels(TEA_GREEN_250=996)  # two of 1001 have left, two of 1003 will
    return world


async def test_the_record_as_the_product_writes_it_holds(orders: PostgresOrders, record_url: str) -> None:
    await five_orders(orders)
    world = outside()
    with psycopg.connect(plain(record_url)) as db:
        for row in world.rows["inbound_events"]:  # the record's steps alone keep no evidence: the API does
            insert_row(db, "inbound_events", row)
    found = check(world.dump, record_url)
    assert {each.name: each.evidence for each in found if not each.held} == {}


async def test_what_staff_did_and_an_order_that_could_not_be_have_logs_that_verify(
    orders: PostgresOrders, record: AsyncEngine, record_url: str
) -> None:
    async with record.begin() as db:
        await audit.note_staff_deed(db, "mei", "set_stock", {"sku": "TEA-CUP", "on_hand": [1000, 7]}, NOON)
    await orders.place(placed(replace(order(number("1009")), lines=())))
    (chains,) = [each for each in check(SmallWorld().dump, record_url) if each.name == "audit-chains"]
    assert chains.held, chains.evidence
    with psycopg.connect(plain(record_url)) as db:
        logs = db.execute("select order_id from audit_heads order by 1").fetchall()
    assert logs == [("installation",), ("shop/tea/1009",)]
