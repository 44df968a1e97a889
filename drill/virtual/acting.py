"""One order's buyer and shop: what they can do. When they do it is in acts.py and refund_acts.py."""

from collections.abc import Callable, Mapping

from domain.money import Money
from domain.payment import Capture
from domain.reference import BAZAAR
from drill.virtual import goods
from drill.virtual.life import Life
from drill.virtual.marketplace import Marketplace
from drill.virtual.matrix import Call, Fault, Message
from drill.virtual.outside import Provider, Warehouse
from drill.virtual.post import Letter, Post, notice
from drill.virtual.stage_time import StageTime
from drill.virtual.teller import Teller

WINDOW_SECONDS = 1800
TOLD_LATE_MINUTES = (3, 200)
ADDRESS_GAP = ("mended", "due_cancelled", "due_cancelled_signed")  # so that nothing is pushed
IN_TWO_PARTS = ("presale", "refunded_by_two_routes")


class Act:
    """One order's buyer and shop."""

    def __init__(
        self,
        life: Life,
        provider: Provider,
        warehouse: Warehouse,
        market: Marketplace,
        post: Post,
        teller: Teller,
        time: StageTime,
    ) -> None:
        self.life = life
        self.provider = provider
        self.warehouse = warehouse
        self.market = market
        self.time = time
        self._post = post
        self._teller = teller
        self._basket = goods.basket(life.plan)
        self._parts = 2 if life.plan.story in IN_TWO_PARTS else 1

    @property
    def quantity(self) -> int:
        """Units of the first line."""
        units: int = self._basket.lines[0]["quantity"]
        return units

    async def money_comes_back(self) -> None:
        """The bank sends back what was told as paid out."""
        for entry in tuple(self.provider.bank.book.values()):
            if entry.order.out_trade_no == self.number() and entry.done_at is not None:
                await self._teller.tell_of_return(self.life, entry)

    async def pauses(self, shortest: float, longest: float) -> None:
        await self.time.passes(minutes=self.life.rng.uniform(shortest, longest))

    async def until(self, reached: Callable[[], object], *, hours: float = 8) -> None:
        """Looked at every two minutes; in vain, when something keeps the story from coming that far."""
        for _ in range(int(hours * 30)):
            if reached():
                return
            await self.time.passes(minutes=2)

    # The shop

    async def place(self, **changes: object) -> None:
        await self._send(Message.ORDER, self._order() | changes)

    async def cancel(self) -> None:
        await self._send(Message.CANCEL, {"reason": "changed my mind"})

    async def mend_recipient(self) -> None:
        await self._send(Message.RECIPIENT, goods.RECIPIENT)

    async def _send(self, message: Message, facts: Mapping[str, object]) -> None:
        await self.send(Letter(message, self.life, facts))

    def _order(self) -> dict[str, object]:
        order_id = self.life.order_id
        gap = {"detail": ""} if self.life.plan.story in ADDRESS_GAP else {}
        return {
            "channel": order_id.channel,
            "shop_id": order_id.shop_id,
            "order_no": order_id.order_no,
            "placed_at": self.time.clock.now().isoformat(),
            "customer_id": f"c-{order_id.shop_id}",
            "kind": "presale" if self._parts > 1 else "standard",
            "recipient": goods.RECIPIENT | gap,
            "lines": list(self._basket.lines),
            "shipping_minor": goods.SHIPPING_MINOR,
            "payment_plan": [
                {"part": part, "amount_minor": amount.amount_minor, "pay_within_seconds": WINDOW_SECONDS * part}
                for part, amount in enumerate(self._amounts(), start=1)
            ],
        }

    def _amounts(self) -> list[Money]:
        return list(Money(self._basket.amount_minor).allocate([1] * self._parts))

    # The buyer

    def number(self, part: int = 1) -> str:
        return self.life.order_id.out_trade_no(part, self._parts)

    def pay(self, part: int = 1, *, more: int = 0) -> Capture:
        return self.provider.pay(self.number(part), self._amounts()[part - 1] + Money(more))

    def pay_again(self) -> Capture:
        """Another trade for the same order, which nobody asked for."""
        return self.provider.pay(f"{self.number()}_2", self._amounts()[0])

    async def told(self, capture: Capture, number: str) -> None:
        """The notice goes out now, or late, or in the middle of our question."""
        letter = notice(self.life, capture, number)
        for call in (Call.QUERY, Call.CLOSE):
            if self.life.will_be_struck(Fault.DELAY, call) and not self.life.plan.early:
                self.life.overtakers[call] = lambda: self.send(letter)
                return
        if self.life.is_struck(Fault.DELAY, Message.NOTICE):
            await self.pauses(*TOLD_LATE_MINUTES)
        await self.send(letter)

    async def paid(self, *, more: int = 0) -> None:
        """Placed and paid; in some lives the notice comes first."""
        if self.life.plan.early:
            capture = self.pay(more=more)
            self.life.is_struck(Fault.REORDER, Message.NOTICE)
            await self.told(capture, self.number())
            await self.pauses(0, 8)
            await self.place()
        else:
            await self.place()
            await self.pauses(0, 1.5)
            await self.told(self.pay(more=more), self.number())

    # A marketplace

    async def sold_there(self) -> None:
        """It has the buyer's money, and will settle with us."""
        await self.place()
        life, amount, now = self.life, self._amounts()[0], self.time.clock.now()
        capture = Capture(BAZAAR, life.order_id.shop_id, life.settlement_no, 1, amount, now)
        await self._post.settled(life, capture)

    def asks_there(self, hours: float, reason: str = "damaged") -> None:
        """For all of it."""
        self.market.asked(self.life, self._amounts()[0], hours, reason)

    async def send(self, letter: Letter) -> None:
        await self._post.send(letter)
