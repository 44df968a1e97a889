"""The pretend world put together: providers, warehouse and shops around one faults book, and what their ledgers say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from sandbox.alipay.provider import Alipay
from sandbox.bazaar.house import Bazaar
from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import FaultBook
from sandbox.pace import Pace, now, shown
from sandbox.payments.provider import AnyProvider
from sandbox.shop.basket import SHOPS, STOCK, TEA
from sandbox.shop.level_board import LevelBoard
from sandbox.shop.refund_desk import RefundDesk
from sandbox.shop.storefront import Storefront
from sandbox.sms import SmsGateway
from sandbox.trade_hour import TradeHour
from sandbox.warehouse.floor import MINUTE
from sandbox.warehouse.house import Warehouse
from sandbox.warehouse.outbound import State
from sandbox.wechatpay.provider import WechatPay
from sandbox.world import World


@dataclass(frozen=True)
class Settings:
    """`lockstep` are base URLs, used in turn; `transport` replaces the network for in-process use.

    `packing_minutes` is how long the warehouse takes at least and at most, where it is not the usual time;
    `return_minutes` likewise of parcels that come back.
    """

    lockstep: Sequence[str]
    api_token: str = ""
    time_scale: float = 60.0
    transport: httpx.AsyncBaseTransport | None = None
    packing_minutes: tuple[float, float] | None = None
    return_minutes: tuple[float, float] | None = None


class Town:
    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self._settings = settings
        self.crew = Crew()
        self.faults = FaultBook()
        self.courier = Courier(settings.lockstep, Pace(settings.time_scale), settings.transport)
        self.alipay = Alipay(world, self.faults, self.courier, self.crew)
        self.wechatpay = WechatPay(world.wechatpay, self.faults, self.courier, self.crew)
        self.providers: dict[str, AnyProvider] = {"alipay": self.alipay, "wechatpay": self.wechatpay}
        self.warehouse = Warehouse(world.accounts, STOCK, self.faults, self.courier, self.crew)
        if settings.packing_minutes is not None:
            shortest, longest = settings.packing_minutes
            self.warehouse.floor.packed_after = (shortest * MINUTE, longest * MINUTE)
        if settings.return_minutes is not None:
            shortest, longest = settings.return_minutes
            self.warehouse.returns.on_the_way_back = (shortest * MINUTE, longest * MINUTE)
        board = LevelBoard(world.accounts.shop_secret, self.faults)
        self.shop = Storefront(self.courier, settings.api_token, board)
        accounts = world.accounts
        self.bazaar = Bazaar(accounts.bazaar_token, accounts.bazaar_secret, self.faults, self.courier, self.crew)
        of_money = (*(provider.door for provider in self.providers.values()), self.bazaar.door)
        self.sms = SmsGateway(accounts.sms_token, self.faults)
        doors = (*of_money, self.warehouse.door, board.door, self.sms.door)
        self.doors = {door.place: door for door in doors}
        self.trade_hour: TradeHour | None = None

    async def close(self) -> None:
        await self.crew.dismiss()
        await self.courier.close()

    def provider_of(self, out_trade_no: str) -> AnyProvider:
        """Where the shop that this number names is paid; Alipay for numbers that name none."""
        return self.providers[SHOPS.get(out_trade_no.partition("_")[0], TEA).provider]

    def refund_desk(self, staff: Mapping[str, str]) -> RefundDesk:
        """Where people of these tokens work."""
        return RefundDesk(self.courier, self._settings.api_token, staff)

    def dump(self) -> dict[str, object]:
        """All ledgers at one moment."""
        return {
            "dumped_at": shown(now()),
            **{name: provider.shown() for name, provider in self.providers.items()},
            "bazaar": self.bazaar.shown(),
            "sms": self.sms.shown(),
            "warehouse": self.warehouse.shown(),
            "shop": {
                "orders": self._orders_shown(),
                "listening": list(SHOPS),
                "levels": self.shop.level_board.shown(),
                "refunds": [story.shown() for story in self.trade_hour.refunds.told] if self.trade_hour else [],
                "level_calls": [call.shown() for call in self.shop.level_board.calls],
            },
        }

    def _orders_shown(self) -> list[dict[str, object]]:
        shown_orders = []
        for order in self.shop.orders.values():
            trades = self.provider_of(order.out_trade_no).trades_of(order.out_trade_no)
            paid = any(trade.paid_at for trade in trades)
            shown_orders.append(order.shown() | {"paid": paid, "trade_nos": [trade.trade_no for trade in trades]})
        return shown_orders

    def progress(self) -> dict[str, object]:
        """Small counts, cheap enough to ask for many times a second."""
        orders = list(self.shop.orders.values())
        providers = self.providers.values()
        notices = [notice for provider in providers for notice in provider.post.sent]
        deliveries = sum(len(notice.deliveries) for notice in notices)
        taken = sum(notice.is_taken(delivery) for notice in notices for delivery in notice.deliveries)
        outbound = [order for order in self.warehouse.desk if order.push is not None]
        return {
            "orders_placed": sum(order.placed_at is not None for order in orders),
            "orders_accepted": sum(order.accepted_at is not None for order in orders),
            "orders_cancelled": sum(order.cancelled_at is not None for order in orders),
            "trades_paid": sum(trade.paid_at is not None for provider in providers for trade in provider.trades),
            "notices": len(notices),
            "notices_sent": deliveries,
            "notices_answered_success": taken,
            "notices_answered_otherwise": deliveries - taken,
            "pushes_accepted": len(outbound),
            "pushes_unanswered": len(self.warehouse.counter.unanswered),
            "shipped": sum(order.state in {State.SHIPPED, State.DELIVERED} for order in outbound),
            "delivered": sum(order.state is State.DELIVERED for order in outbound),
            "messages_untaken": sum(not message.has_success for message in self.warehouse.post.sent),
            "warehouse_out": self.warehouse.door.is_out,
            "gateway_out": any(provider.door.is_out for provider in providers),
            "trade_hour": self.trade_hour.state if self.trade_hour else "none",
            "refunds_open": self.trade_hour.refunds.open if self.trade_hour else 0,
            "finished": self.trade_hour is not None and self.trade_hour.is_finished,
        }
