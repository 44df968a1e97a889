"""How many SQL statements each step of an order sends, counted in this process on the real record.

A transaction costs two exchanges more, BEGIN and COMMIT (or ROLLBACK where nothing was written).
"""

from collections.abc import Awaitable
from datetime import timedelta

from sqlalchemy import event

from benchmarks.house import BenchHouse
from benchmarks.notices import AMOUNT_MINOR, PRICE_MINOR, QUANTITY, SHIPPING_MINOR
from cli.demo_world import SHOP, SKUS
from domain.limits import Limits
from domain.line import Line
from domain.money import Money
from domain.order import Kind, Order
from domain.payment import Capture, PlanPart
from domain.reference import OrderId
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import SystemClock
from ports.provenance import PROVENANCE, Provenance
from ports.records import OrderPlaced, OrderStep, PaymentSettled, PushRecorded
from ports.warehouse import Recipient

NOTHING = Money(0, "CNY")


async def statements_by_step(house: BenchHouse, order_no: str) -> dict[str, int]:
    """One order goes from placed to pushed, step by step."""
    clock, order_id = SystemClock(), OrderId(SHOP.channel, SHOP.shop_id, order_no)
    customers = Customers(b"k" * 32, clock)
    records = PostgresOrders(house.engine, customers, clock, Limits())
    token = PROVENANCE.set(Provenance("benchmark"))
    async with house.engine.begin() as db:
        sealed = await customers.seal_recipient(db, "c-bench", Recipient("a", "b", "c", "d", "e", "f"))
        note = await customers.seal_note(db, "c-bench", "")
    step = OrderStep(order_id, f"order/{order_id}/bench")
    order = _order(order_id, clock)
    capture = Capture("alipay", SHOP.account, f"2026{order_no}", 1, order.plan[0].amount, clock.now())
    steps = {
        "place": records.place(OrderPlaced(order, "c-bench", sealed, note, "tail")),
        "record_payment": records.record_payment(PaymentSettled(order_id, capture, "notice")),
        "push_request": records.push_request(step),
        "record_push": records.record_push(PushRecorded(order_id, step.transaction_id, "WH-1")),
    }
    counted = {name: await _counted(house, work) for name, work in steps.items()}
    PROVENANCE.reset(token)
    return counted


async def _counted(house: BenchHouse, work: Awaitable[object]) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(house.engine.sync_engine, "before_cursor_execute", note)
    try:
        await work
    finally:
        event.remove(house.engine.sync_engine, "before_cursor_execute", note)
    return len(sent)


def _order(order_id: OrderId, clock: SystemClock) -> Order:
    line = Line("1", SKUS[0], "tea", QUANTITY, Money(PRICE_MINOR, "CNY"), NOTHING, NOTHING)
    plan = (PlanPart(1, Money(AMOUNT_MINOR, "CNY"), clock.now() + timedelta(days=1)),)
    return Order(order_id, Kind.STANDARD, (line,), Money(SHIPPING_MINOR, "CNY"), plan, clock.now())
