"""An order that a marketplace sold and has paid for, and one after-sale of it there."""

from datetime import timedelta
from typing import Self

from temporalio.common import WorkflowIDReusePolicy

from domain.after_sale import AfterSale, DecidedBy, SaleState
from domain.money import Money
from domain.payment import Capture
from domain.reference import ShopId
from domain.refund import Asking, RefundStage
from drill.virtual.fake_platform import FakePlatform
from persistence import shops, stock
from ports.refunds import PlatformTold, RefundAsked
from tests.builders import yuan
from tests.workflows.refund_world import ALL, RefundWorld
from workflows import identity
from workflows.messages import PaymentSettled
from workflows.refund import RefundWorkflow
from workflows.refund_messages import RefundStart

SHOP = ShopId("bazaar", "tea")
NUMBER = "AS-1"
ALL_OF_IT = yuan("144.00")


class PlatformWorld(RefundWorld):
    """Two packs have been delivered; the marketplace owes 144.00 for them."""

    @property
    def platform(self) -> FakePlatform:
        found = self.platforms.setdefault(SHOP, FakePlatform(self.clock))
        assert isinstance(found, FakePlatform)
        return found

    async def start_workers(self) -> None:
        assert self.platform
        await super().start_workers()

    async def opened_shop(self) -> None:
        async with self.record.begin() as db:
            await shops.add_shop(db, shops.Shop("bazaar", "tea", "teahouse", "Stand", "bazaar", "tea"))
            component = {"sku": "TEA-GREEN-250", "quantity": 1, "price_weight": 1}
            await stock.add_match(db, ("bazaar", "tea", "TEA-GREEN-250"), [component], self.clock.now())

    def capture(self, amount: Money | None = None, part: int = 1) -> Capture:
        """The buyer has paid the marketplace; it will settle with us."""
        return Capture("bazaar", "tea", f"S-{self.order_id.order_no}", part, amount or ALL_OF_IT, self.clock.now())

    async def pay(self, amount: Money | None = None, part: int = 1) -> PaymentSettled:
        self.clock.time = await self.now()
        fact = PaymentSettled(self.order_id, self.capture(amount, part), "notice")
        await self.tell(fact)
        return fact

    async def arrived(self) -> Self:
        await self.opened_shop()
        return await super().arrived()

    async def asks(self, hours: float | None = 72, amount: Money = ALL_OF_IT, extensions: int = 1) -> AfterSale:
        """The buyer asks at the marketplace, which tells of it."""
        now = await self.now()
        deadline = None if hours is None else now + timedelta(hours=hours)
        sale = self.platform.opens(NUMBER, amount, deadline, extensions)
        await self.hears(sale)
        return sale

    async def hears(self, sale: AfterSale) -> None:
        """As the API does it: each message may be the first one."""
        refund_id = identity.platform_refund_id(self.order_id, sale.number)
        asking = Asking(refund_id, self.order_id, "buyer", request=ALL)
        self._refund = await self.env.client.start_workflow(
            RefundWorkflow.run,
            RefundStart(RefundAsked(asking, "damaged", "sealed", sale=sale)),
            id=identity.refund_workflow_id(refund_id),
            task_queue=identity.REFUNDS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal="platform_told",
            start_signal_args=[PlatformTold(refund_id, self.order_id, sale)],
            search_attributes=identity.search_attributes(self.order_id, RefundStage.AWAITING_APPROVAL),
        )

    async def moves(self, state: SaleState, by: DecidedBy = DecidedBy.PLATFORM) -> None:
        """Somebody there decides, or the money moves; and we are told."""
        await self.hears(self.platform.moves(NUMBER, state, by))

    async def until_tasks(self) -> None:
        """Somebody is asked to sign."""

        async def there() -> bool:
            view = await self.refund_view()
            return view.approval is not None and bool(view.approval.open_tasks)

        await self.until(there)

    async def policy(self) -> list[object]:
        return await self.column("select policy from refunds")

    async def booked(self) -> list[object]:
        """What the marketplace owes less since."""
        return await self.column(
            "select amount_minor from ledger_postings p join ledger_entries e on e.seq = p.entry_seq "
            "where e.kind = 'refunded' and p.account = 'platform_receivable'"
        )
