"""An hour of trade in about a minute: buyers come, pay, change their minds, and the world misbehaves as planned."""

import asyncio
from enum import StrEnum
from time import monotonic

from sandbox.alipay.provider import Alipay
from sandbox.crew import Crew
from sandbox.faults import Fault, FaultBook, Place
from sandbox.pace import Pace
from sandbox.payments.provider import AnyProvider
from sandbox.payments.trades import NotPayable, Trade
from sandbox.refund_stories import RefundStories
from sandbox.shop.basket import SHOPS
from sandbox.shop.orders import Order
from sandbox.shop.storefront import Storefront
from sandbox.trade_plan import TradePlan, Visit
from sandbox.warehouse.house import Warehouse
from sandbox.wechatpay.provider import WechatPay

LOOKS_EVERY = 0.1  # real seconds
UNPAID = {Fault.NEVER_PAID, Fault.CANCELLED_BEFORE_PAYMENT}


class HourState(StrEnum):
    RUNNING = "running"
    SETTLING = "settling"  # everybody has come; notices are still on their way
    SETTLED = "settled"
    TIME_OVER = "time_over"


class TradeHour:
    """`deadline` is real seconds: then the hour counts as over, whatever is still under way."""

    def __init__(
        self,
        plan: TradePlan,
        *,
        alipay: Alipay,
        wechatpay: WechatPay,
        warehouse: Warehouse,
        shop: Storefront,
        faults: FaultBook,
        pace: Pace,
        refunds: RefundStories,
    ) -> None:
        self.state = HourState.RUNNING
        self._plan = plan
        self._providers: dict[str, AnyProvider] = {"alipay": alipay, "wechatpay": wechatpay}
        self._wechatpay = wechatpay
        self._warehouse = warehouse
        self._shop = shop
        self._faults = faults
        self._pace = pace
        self.refunds = refunds

    @property
    def is_finished(self) -> bool:
        return self.state in {HourState.SETTLED, HourState.TIME_OVER}

    async def run(self, crew: Crew, deadline: float) -> None:
        ends = monotonic() + deadline
        for planted in self._plan.planted:
            self._faults.plant(planted)
        for visit in self._plan.visits:
            self._shop.take(visit.order)
        crew.start(self._outage())
        crew.start(self._rotation())
        for wish in self._plan.refunds:
            crew.start(self.refunds.tell(wish))
        visits = [crew.start(self._visit(visit)) for visit in self._plan.visits]
        while not self._is_settled(visits):
            if monotonic() > ends:
                self.state = HourState.TIME_OVER
                return
            await asyncio.sleep(LOOKS_EVERY)
        self.state = HourState.SETTLED

    def _is_settled(self, visits: list[asyncio.Task[None]]) -> bool:
        if not all(visit.done() for visit in visits):
            return False
        self.state = HourState.SETTLING
        return all(notice.is_settled for provider in self._providers.values() for notice in provider.post.sent)

    async def _outage(self) -> None:
        await asyncio.sleep(self._plan.outage_after)
        for door in (self._warehouse.door, self._shop.level_board.door):
            door.shut(self._plan.outage_seconds)

    async def _rotation(self) -> None:
        await asyncio.sleep(self._plan.rotates_after)
        self._wechatpay.signer.rotate()

    async def _visit(self, visit: Visit) -> None:
        await asyncio.sleep(visit.arrives_after)
        order = visit.order
        if self._faults.take(Place.TRADE, order.out_trade_no, Fault.EARLY_NOTICE):
            self._pay(order, self._open(order))
            await self._pace.pause(visit.acts_after)
            await self._shop.place(order)
            return
        if not await self._shop.place(order):
            return
        if order.fault in UNPAID:
            await self._leave_unpaid(visit)
            return
        await self._pace.pause(visit.acts_after)
        self._pay(order, self._open(order))
        if order.fault is Fault.DOUBLE_PAYMENT:
            await self._pace.pause(visit.cancels_after)
            number = f"{order.out_trade_no}_2"
            again = self._provider(order).open(number, order.amount_minor, order.subject, Fault.DOUBLE_PAYMENT)
            self._pay(order, again)
        elif order.fault is Fault.CANCELLED_AFTER_PAYMENT:
            await self._pace.pause(visit.cancels_after)
            await self._shop.cancel(order, "买家不想要了")

    async def _leave_unpaid(self, visit: Visit) -> None:
        if visit.opens_page:
            self._open(visit.order)
        if visit.order.fault is Fault.CANCELLED_BEFORE_PAYMENT:
            await self._pace.pause(visit.acts_after)
            await self._shop.cancel(visit.order, "买家拍错了")

    def _open(self, order: Order) -> Trade:
        """A double payment's first trade is like any other: the fault is in the second."""
        fault = Fault.EARLY_NOTICE if order.is_told_early else order.fault
        if fault is Fault.DOUBLE_PAYMENT:
            fault = None
        return self._provider(order).open(order.out_trade_no, order.amount_minor, order.subject, fault)

    def _provider(self, order: Order) -> AnyProvider:
        return self._providers[SHOPS[order.shop_id].provider]

    def _pay(self, order: Order, trade: Trade) -> None:
        """A trade that Lockstep closed in the meantime cannot be paid: the buyer finds the page gone."""
        try:
            self._provider(order).pay(trade)
        except NotPayable:
            return
