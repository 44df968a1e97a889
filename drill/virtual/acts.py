"""What buyer and shop do in each story. What follows from it, provider, warehouse and staff do by themselves."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from domain.limits import Limits
from domain.money import Money
from domain.payment import Capture
from drill.virtual import goods
from drill.virtual.life import Life
from drill.virtual.matrix import Call, Fault, Message
from drill.virtual.outside import Provider, Warehouse
from drill.virtual.plan import SHORT
from drill.virtual.post import Letter, Post, notice
from drill.virtual.stage_time import StageTime

WINDOW_SECONDS = 1800
TOLD_LATE_MINUTES = (3, 200)
SALE_OPENS_MINUTES = 10
LAST_STEP = "records.complete"
AWAY_MINUTES = 150  # longer than attempts go on


class Act:
    """One order's buyer and shop."""

    def __init__(self, life: Life, provider: Provider, warehouse: Warehouse, post: Post, time: StageTime) -> None:
        self.life = life
        self.provider = provider
        self.warehouse = warehouse
        self.time = time
        self._post = post
        self._basket = goods.basket(life.plan)
        self._parts = 2 if life.plan.story == "presale" else 1

    async def play(self) -> None:
        if self.life.plan.story not in SHORT:
            await self.pauses(0, 10)
        await ACTS[self.life.plan.story](self)

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
        gap = {"detail": ""} if self.life.plan.story == "mended" else {}
        return {
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

    async def send(self, letter: Letter) -> None:
        await self._post.send(letter)


async def straight(act: Act) -> None:
    await act.paid()


async def sale(act: Act) -> None:
    """Everybody pays in the same moment for the last rare goods."""
    if act.life.plan.early:
        await act.paid()
        return
    await act.place()
    await act.time.passes(minutes=SALE_OPENS_MINUTES)
    await act.told(act.pay(), act.number())


async def presale(act: Act) -> None:
    await act.paid()
    await act.pauses(1, 20)
    await act.told(act.pay(2), act.number(2))


async def paid_twice(act: Act) -> None:
    await act.paid()
    await act.pauses(0, 5)
    await act.told(act.pay_again(), f"{act.number()}_2")


async def silent(act: Act) -> None:
    await act.place()
    await act.pauses(0, 1)
    act.pay()


async def told_late(act: Act) -> None:
    await act.place()
    await act.pauses(0, 1)
    capture = act.pay()
    await act.pauses(3, 20)
    await act.told(capture, act.number())


async def last_moment(act: Act) -> None:
    """The buyer pays while we close; the notice comes in the middle, or after."""
    await act.place()
    number, captures = act.number(), list[Capture]()
    overtakes = act.life.will_be_struck(Fault.DELAY, Call.CLOSE)
    if overtakes:
        act.life.overtakers[Call.CLOSE] = lambda: act.told(captures[0], number)
    act.provider.paying_at_close[number] = lambda: captures.append(act.pay())
    await act.until(lambda: captures)
    if captures and not overtakes:
        await act.pauses(2, 10)
        await act.told(captures[0], number)


async def wrong_amount(act: Act) -> None:
    await act.paid(more=100)


async def cancelled(act: Act) -> None:
    await act.paid()
    await act.pauses(0, 20)
    await act.cancel()


async def cancelled_too_late(act: Act) -> None:
    await act.paid()
    await act.until(lambda: act.life.order_id.warehouse_reference() in act.warehouse.gone)
    await act.cancel()


async def mended(act: Act) -> None:
    await act.paid()
    await act.pauses(5, 30)
    await act.mend_recipient()


async def refused(act: Act) -> None:
    act.warehouse.refuses.add(act.life.order_id.warehouse_reference())
    await act.paid()


async def warehouse_away(act: Act) -> None:
    act.life.away_until["warehouse"] = act.time.clock.now() + timedelta(minutes=AWAY_MINUTES)
    await act.paid()
    act.life.away_until["warehouse"] = act.time.clock.now() + timedelta(minutes=AWAY_MINUTES)


async def surplus_at_the_end(act: Act) -> None:
    """The buyer pays once more just before the order completes; the notice comes in the middle of that, or after."""
    await act.paid()
    await act.until(lambda: act.life.delivered_at, hours=24)
    if act.life.delivered_at is not None:
        completes = act.life.delivered_at + Limits().completes_after_delivery
        await act.time.passes(minutes=(completes - act.time.clock.now()) / timedelta(minutes=1) - 5)
    letter = notice(act.life, act.pay_again(), f"{act.number()}_2")
    if act.life.rng.random() < 1 / 2:
        act.life.overtakers[LAST_STEP] = lambda: act.send(letter)
    else:
        await act.pauses(6, 20)
        await act.send(letter)


async def orphan(act: Act) -> None:
    """Money for an order of which the shop tells us only when a person had to look."""
    await act.told(act.pay(), act.number())
    await act.pauses(33, 50)
    await act.place()


async def paid_after_close(act: Act) -> None:
    await act.place()
    await act.pauses(35, 60)
    await act.told(act.pay(), act.number())


async def unpaid(act: Act) -> None:
    await act.place()
    if act.life.rng.random() < 1 / 2:
        act.provider.opened.add(act.number())


async def cancelled_unpaid(act: Act) -> None:
    await act.place()
    await act.pauses(0, 20)
    await act.cancel()


ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    "straight": straight,
    "presale": presale,
    "paid_twice": paid_twice,
    "silent": silent,
    "told_late": told_late,
    "last_moment": last_moment,
    "wrong_amount": wrong_amount,
    "cancelled": cancelled,
    "cancelled_too_late": cancelled_too_late,
    "mended": mended,
    "short": sale,
    "short_cancelled": sale,
    "split": sale,
    "given_up": sale,
    "unmatched": straight,
    "refused": refused,
    "warehouse_away": warehouse_away,
    "surplus_at_the_end": surplus_at_the_end,
    "orphan": orphan,
    "paid_after_close": paid_after_close,
    "unpaid": unpaid,
    "cancelled_unpaid": cancelled_unpaid,
}
