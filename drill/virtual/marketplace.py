"""The marketplace of the drill: it moves the money of its refunds, tells of each change, and its clock decides."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from domain.after_sale import AfterSale, DecidedBy, SaleState
from domain.money import Money
from domain.refund_leg import Leg
from domain.refund_money import Units
from drill.virtual import goods
from drill.virtual.fake_platform import FakePlatform
from drill.virtual.life import Life
from drill.virtual.matrix import Call, Fault, Message
from drill.virtual.post import Letter, Post
from drill.virtual.stage_time import StageTime
from drill.virtual.wire import Calls
from ports.after_sales import AfterSaleEvent, SaleAnswer, SaleOrder, SaleOutcome
from ports.errors import Unavailable
from ports.messages import RawMessage

THEN = {SaleState.AGREED: SaleState.SUCCEEDED, SaleState.REFUSED: SaleState.CLOSED}
CLOCK_AFTER = timedelta(minutes=1)
THEN_MINUTES = (30, 300)
TOLD_LATE_MINUTES = (30, 3000)
UNANSWERED = "unanswered"  # the reason of which a policy says what to do when nobody has decided
Act = Callable[[SaleOrder], Awaitable[SaleAnswer]]
_SALE = TypeAdapter(AfterSale)


@dataclass(frozen=True)
class Heard:
    """A call that arrived."""

    verb: str
    order: SaleOrder


@dataclass
class Marketplace(FakePlatform):
    """For all shops: an order has one after-sale at the most."""

    wire: Calls = field(kw_only=True)
    post: Callable[[], Post] = field(kw_only=True)
    time: StageTime = field(kw_only=True)
    pays: bool = False
    heard: list[Heard] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def asked(self, life: Life, amount: Money, hours: float, reason: str) -> AfterSale:
        """The buyer asks there."""
        number = life.sale_no
        self.lives[number], self.reasons[number] = life, reason
        sale = self.opens(number, amount, self.time.clock.now() + timedelta(hours=hours))
        self._changed(sale)
        self.time.start(self._clock(number))
        return sale

    def moves(self, number: str, state: SaleState, by: DecidedBy = DecidedBy.PLATFORM) -> AfterSale:
        after = super().moves(number, state, by)
        self._changed(after)
        return after

    def paid_back(self, leg: Leg) -> Money | None:
        number = next(number for number, life in self.lives.items() if life.settlement_no == leg.payment[2])
        sale = self.sales[number]
        return sale.amount if sale.state is SaleState.SUCCEEDED else None

    # What it tells

    def _changed(self, sale: AfterSale) -> None:
        life = self.lives[sale.number]
        life.untold += 1
        self.time.start(self._told_and_followed(life, sale))

    async def _told_and_followed(self, life: Life, sale: AfterSale) -> None:
        """What was decided has its effect after a while; in some lives the decision is told after that."""
        then = THEN.get(sale.state)
        last = then is not None and life.is_struck(Fault.REORDER, Message.AFTER_SALE)
        if not last:
            await self._tell(life, sale)
        if then is not None:
            await self._pass(life, THEN_MINUTES)
            if self.sales[sale.number].state is sale.state:
                self.moves(sale.number, then)
        if last:
            await self._pass(life, THEN_MINUTES)
            await self._tell(life, sale)
        life.untold -= 1

    async def _tell(self, life: Life, sale: AfterSale) -> None:
        if sale.revision > 1 and life.is_struck(Fault.DELAY, Message.AFTER_SALE):
            await self._pass(life, TOLD_LATE_MINUTES)
        facts = {"id": f"{sale.number}-{sale.revision}", "sale": _SALE.dump_python(sale, mode="json")}
        await self.post().send(Letter(Message.AFTER_SALE, life, facts))

    async def _clock(self, number: str) -> None:
        """It decides a minute after the deadline, not in the moment in which we ask."""
        while (sale := self.sales[number]).state is SaleState.ASKED:
            assert sale.deadline is not None
            strikes_in = sale.deadline + CLOCK_AFTER - self.time.clock.now()
            if strikes_in > timedelta(0):
                await self.time.passes(minutes=strikes_in / timedelta(minutes=1))
            else:
                self.moves(number, SaleState.AGREED, DecidedBy.CLOCK)

    async def _pass(self, life: Life, minutes: tuple[float, float]) -> None:
        await self.time.passes(minutes=life.rng.uniform(*minutes))

    def read_event(self, message: RawMessage) -> AfterSaleEvent:
        content = json.loads(message.body)
        sale = _SALE.validate_python(content["sale"])
        life = self.lives[sale.number]
        units = tuple(Units(line["line_id"], line["quantity"]) for line in goods.basket(life.plan).lines)
        freight, reason = Money(goods.SHIPPING_MINOR), self.reasons[sale.number]
        return AfterSaleEvent(content["id"], life.order_id, sale, units, freight, reason, "too small")

    # What it is asked

    async def agree(self, order: SaleOrder) -> SaleAnswer:
        return await self._word(Call.AGREE, order, super().agree)

    async def refuse(self, order: SaleOrder) -> SaleAnswer:
        return await self._word(Call.REFUSE, order, super().refuse)

    async def extend(self, order: SaleOrder) -> SaleAnswer:
        return await self._word(Call.EXTEND, order, self._extended)

    async def _extended(self, order: SaleOrder) -> SaleAnswer:
        before = self.sales[order.number]
        answer = await super().extend(order)
        if self.sales[order.number] is not before:
            self._changed(self.sales[order.number])
        return answer

    async def ask(self, order: SaleOrder) -> SaleAnswer:
        return await self._through(Call.ASK, order, super().ask)

    async def _word(self, call: Call, order: SaleOrder, act: Act) -> SaleAnswer:
        """An answer that was lost is no outage: nobody knows whether it was taken."""
        try:
            return await self._through(call, order, act)
        except Unavailable:
            return SaleAnswer(SaleOutcome.UNKNOWN)

    async def _through(self, call: Call, order: SaleOrder, act: Act) -> SaleAnswer:
        async def arrived() -> SaleAnswer:
            self.heard.append(Heard(call.rpartition(".")[2], order))
            return await act(order)

        about = (order.number, order.transaction_id, (order.amount.amount_minor, order.evidence))
        return await self.wire.through(call, self.lives[order.number], about, arrived)

    # Its books

    @property
    def dump(self) -> dict[str, Any]:
        calls = [
            {
                "verb": each.verb,
                "number": each.order.number,
                "idempotency_key": each.order.transaction_id,
                "amount_minor": each.order.amount.amount_minor,
            }
            for each in self.heard
        ]
        return {"after_sales": [self._shown(sale) for sale in self.sales.values()], "calls": calls}

    def _shown(self, sale: AfterSale) -> dict[str, Any]:
        order_id = self.lives[sale.number].order_id
        return {
            "after_sale_no": sale.number,
            "shop_id": order_id.shop_id,
            "order_no": order_id.order_no,
            "amount_minor": sale.amount.amount_minor,
            "state": sale.state,
            "succeeded_at": sale.done_at.isoformat() if sale.done_at else None,
        }
