"""One order in a world that a test directs: what is told to it, how time passes, and what the record says then."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.common import WorkflowIDReusePolicy
from temporalio.testing import WorkflowEnvironment

from domain.case import CaseDecision, Cause, Choice
from domain.limits import Limits
from domain.money import Money
from domain.order import Order, Stage
from domain.payment import Capture
from domain.reference import OrderId, ShopId
from domain.shipment import Parcel
from drill.virtual.fakes import FakeProvider, FakeWarehouse
from drill.virtual.house import VirtualTime, workers
from persistence.brake import PostgresBrake
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.after_sales import AfterSales
from ports.clock import FixedClock
from ports.warehouse import Recipient
from runtime.attempts import AttemptLog
from tests import builders
from tests.workflows.seen import PATIENCE_SECONDS, Seen
from tests.workflows.troubles import Troubles
from workflows import identity
from workflows.messages import (
    CancelRequested,
    Fact,
    OrderPlaced,
    OrderStart,
    ParcelReported,
    PaymentSettled,
    RecipientAmended,
)
from workflows.order import OrderWorkflow

PAYLOAD_KEYS = {"test": b"t" * 32}
RECORD_KEY = b"k" * 32
RECIPIENT = Recipient("云小满", "13900000001", "浙江省", "杭州市", "西湖区", "假想路 1 号")
SIGNALS: dict[type, Callable[..., None]] = {
    OrderPlaced: OrderWorkflow.order_placed,
    PaymentSettled: OrderWorkflow.payment_settled,
    CancelRequested: OrderWorkflow.cancel_requested,
    ParcelReported: OrderWorkflow.parcel_reported,
    RecipientAmended: OrderWorkflow.recipient_amended,
}


class World(Seen):
    """`order` is what the shop will place; change it before `place`."""

    pays_back = False  # what is due back stays due: nobody serves the queue of refunds

    def __init__(self, env: WorkflowEnvironment, record: AsyncEngine, order_id: OrderId, now: datetime) -> None:
        self.env = env
        self.record = record
        self.order_id = order_id
        self.clock = FixedClock(now)
        self.order = builders.order(order_id, placed_at=now)
        self.limits = Limits()
        self.task_timeout: timedelta | None = None
        self.provider = FakeProvider(self.clock)
        self.warehouse = FakeWarehouse(self.clock)
        self.platforms: dict[ShopId, AfterSales] = {}
        self.troubles = Troubles()
        self.customers = Customers(RECORD_KEY, self.clock)
        self._workers = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.start_workers()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.warehouse.answers.set()
        await self.stop_workers()

    # The process

    async def start_workers(self) -> None:
        records = PostgresOrders(self.record, self.customers, self.clock, self.limits, pays_back=self.pays_back)
        interceptors = [VirtualTime(self.env, self.clock), AttemptLog(), self.troubles]
        for worker in workers(
            self.env,
            records,
            {self.provider.name: self.provider},
            self.warehouse,
            interceptors,
            brake=PostgresBrake(self.record),
            platforms=self.platforms,
            max_cached_workflows=0,
        ):
            await self._workers.enter_async_context(worker)

    async def stop_workers(self) -> None:
        await self._workers.aclose()

    async def restart_workers(self) -> None:
        await self.stop_workers()
        await self.start_workers()

    # What the outside tells

    async def tell(self, fact: Fact) -> None:
        """As the API does it: a signal, with a new run where none is."""
        self._run = await self.env.client.start_workflow(
            OrderWorkflow.run,
            OrderStart(self.order_id),
            id=identity.order_workflow_id(self.order_id),
            task_queue=identity.ORDERS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            task_timeout=self.task_timeout,
            start_signal=SIGNALS[type(fact)].__name__,
            start_signal_args=[fact],
            search_attributes=identity.search_attributes(self.order_id, Stage.AWAITING_PAYMENT),
        )

    async def placed(self, order: Order | None = None) -> OrderPlaced:
        """The fact that the order was placed, sealed as the API seals it."""
        async with self.record.begin() as db:
            recipient = await self.customers.seal_recipient(db, "c-17", RECIPIENT)
            note = await self.customers.seal_note(db, "c-17", "")
        return OrderPlaced(order or self.order, "c-17", recipient, note, "tail")

    def amend_order(self, **more: Any) -> None:
        """Other lines, another kind or address; the plan follows the amount."""
        self.order = builders.order(self.order_id, placed_at=self.order.placed_at, **more)

    async def place(self) -> None:
        await self.tell(await self.placed())

    async def go_to(self, stage: Stage) -> None:
        """Placed and paid, and as far as that goes."""
        await self.place()
        await self.until_stage(Stage.AWAITING_PAYMENT)
        await self.pay()
        await self.until_stage(stage)

    def capture(self, amount: Money | None = None, part: int = 1) -> Capture:
        """The buyer pays at the provider; nobody is told yet."""
        number = self.order_id.out_trade_no(part, len(self.order.plan))
        return self.provider.pay(number, amount or self.order.plan[part - 1].amount)

    async def pay(self, amount: Money | None = None, part: int = 1) -> PaymentSettled:
        """The buyer pays, and a notice comes."""
        self.clock.time = await self.now()
        fact = self.fact_of(self.capture(amount, part))
        await self.tell(fact)
        return fact

    def fact_of(self, capture: Capture) -> PaymentSettled:
        return PaymentSettled(self.order_id, capture, "notice")

    async def cancel(self) -> None:
        await self.tell(CancelRequested(self.order_id, "buyer", "changed my mind"))

    async def report(self, parcel: Parcel) -> None:
        await self.tell(ParcelReported(self.order_id, parcel))

    async def stocked(self, units: int, sku: str = "TEA-GREEN-250") -> None:
        await self.write(f"update stock set on_hand = {units} where sku = '{sku}'")

    async def send_ahead(self) -> None:
        """One of two packs is there: it goes ahead, the other one waits."""
        await self.stocked(1)
        await self.place()
        await self.pay()
        await self.decide(Cause.OUT_OF_STOCK, Choice.SPLIT)
        await self.until_stage(Stage.AT_WAREHOUSE)

    async def restock_the_rest(self) -> None:
        """The case of the rest is open by now; there is enough of it from now on."""
        case_id = await self.case(Cause.OUT_OF_STOCK)
        await self.write("update stock set on_hand = on_hand + 1 where sku = 'TEA-GREEN-250'")
        await self.send(CaseDecision(case_id, Choice.RETRY, "lin", "it was restocked"))

    async def second_push_under_way(self) -> None:
        """The warehouse has the rest, and its answer is still on the wire."""
        await self.send_ahead()
        self.warehouse.answers.clear()
        await self.restock_the_rest()
        await self.until_accepted(2)

    async def part_leaves(self, number: int, *, delivered: bool = False) -> None:
        """One pack leaves in the parcel of this outbound order, or arrives."""
        self.warehouse.gone.add(self.order_id.warehouse_reference(number))
        await self.report(builders.parcel(f"P-{number}", 1, delivered=delivered, at=await self.now()))

    async def ship(self) -> None:
        """Everything leaves in one parcel."""
        self.warehouse.gone.add(self.order_id.warehouse_reference())
        await self.report(builders.parcel(at=await self.now()))

    async def deliver(self) -> None:
        await self.report(builders.parcel(delivered=True, at=await self.now()))

    async def amend_recipient(self) -> None:
        sealed = (await self.placed()).recipient
        await self.tell(RecipientAmended(self.order_id, "support", sealed, "tail", ()))

    async def decide(self, cause: Cause, choice: Choice, **more: Any) -> Stage:
        decision = CaseDecision(await self.case(cause), choice, more.pop("by", "lin"), "it was agreed", **more)
        return await self.send(decision)

    async def send(self, decision: CaseDecision) -> Stage:
        stage: Stage = await self.handle.execute_update("decide_case", decision, result_type=Stage)
        return stage

    # Time

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def passes(self, **span: float) -> None:
        await self.env.sleep(timedelta(**span))

    async def passes_until(self, moment: datetime) -> None:
        await self.env.sleep(moment - await self.now())

    async def end(self) -> Stage:
        """The stage of the run that ended; time flies until then."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self.handle.result()).stage
