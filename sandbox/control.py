"""The strings of the pretend world: what demo, drills and tests ask of it."""

import random
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sandbox.faults import EVERY, POSSIBLE, Fault, Place, Planted
from sandbox.payments.trades import NotPayable
from sandbox.refund_stories import RefundStories
from sandbox.shop.basket import SHOPS, TEA, TOOLS, fill
from sandbox.town import Town
from sandbox.trade_hour import TradeHour
from sandbox.trade_plan import draw, together

PLACED_AFTER_NOTICE = 60.0  # the world's seconds

Json = dict[str, object]


class FaultWish(BaseModel):
    """`key`: an out_trade_no at trade, refund and provider, a reference at warehouse and parcel, a shop id; or `*`."""

    place: Place
    fault: Fault
    key: str = EVERY
    times: Annotated[int, Field(gt=0)] = 1
    seconds: Annotated[float, Field(ge=0)] = 1.0
    copies: Annotated[int, Field(gt=0)] = 3


class OrderWish(BaseModel):
    """An ordinary order drawn from `seed`, placed now. Without a number it gets the next one.

    EARLY_NOTICE planted for it has it paid first.
    """

    order_no: str | None = None
    seed: int = 0
    shop_id: Literal["tea", "tools"] = "tea"


class PaymentWish(BaseModel):
    """Open the page and, unless told otherwise, pay. Without an amount it is what the order asks for."""

    out_trade_no: str
    amount_minor: Annotated[int, Field(gt=0)] | None = None
    only_open: bool = False


class NoticeWish(BaseModel):
    out_trade_no: str
    fault: Fault | None = None


class CancelWish(BaseModel):
    out_trade_no: str
    reason: str = "买家不想要了"


class StockWish(BaseModel):
    """Units on hand by sku; other skus keep theirs. null takes a sku off the shelves for good."""

    levels: dict[str, Annotated[int, Field(ge=0)] | None]


class TradeHourWish(BaseModel):
    """`orders` of the shop that Alipay pays, and `wechatpay_orders` of the one that WeChat Pay pays.

    `seconds` and `grace_seconds` are real ones; after both together the hour counts as over. `staff`: the tokens of
    the merchant's people, by person: without them nobody asks for money back.
    """

    orders: Annotated[int, Field(gt=0)] = 400
    wechatpay_orders: Annotated[int, Field(ge=0)] = 0
    seed: int = 7
    seconds: Annotated[float, Field(gt=0)] = 60.0
    grace_seconds: Annotated[float, Field(ge=0)] = 60.0
    first_order_no: int | None = None
    staff: dict[str, str] = {}


class Control:
    def __init__(self, town: Town) -> None:
        self._town = town

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/control")
        router.add_api_route("/dump", self.dump, methods=["GET"])
        router.add_api_route("/progress", self.progress, methods=["GET"])
        router.add_api_route("/faults", self.faults, methods=["GET"])
        router.add_api_route("/faults", self.plant, methods=["POST"])
        router.add_api_route("/orders", self.order, methods=["POST"])
        router.add_api_route("/payments", self.pay, methods=["POST"])
        router.add_api_route("/notices", self.notice, methods=["POST"])
        router.add_api_route("/cancellations", self.cancel, methods=["POST"])
        router.add_api_route("/stock", self.stock, methods=["POST"])
        router.add_api_route("/trade-hour", self.trade_hour, methods=["POST"], status_code=HTTPStatus.ACCEPTED)
        return router

    async def dump(self) -> Json:
        return self._town.dump()

    async def progress(self) -> Json:
        return self._town.progress()

    async def faults(self) -> Json:
        return {
            "possible": {place: sorted(faults) for place, faults in POSSIBLE.items()},
            "waiting": [asdict(planted) for planted in self._town.faults.waiting()],
        }

    async def plant(self, wish: FaultWish) -> Json:
        """An outage and a rotation of keys begin at once; every other fault waits for its occasion."""
        if wish.fault not in POSSIBLE[wish.place]:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{wish.fault} cannot happen at {wish.place}")
        if wish.fault is Fault.OUTAGE:
            self._town.doors[wish.place].shut(wish.seconds)
        elif wish.fault is Fault.KEY_ROTATION:
            self._town.wechatpay.signer.rotate()
        else:
            self._town.faults.plant(Planted(**wish.model_dump()))
        return {"planted": wish.model_dump()}

    async def order(self, wish: OrderWish) -> Json:
        shop = self._town.shop
        order = fill(random.Random(wish.seed), wish.order_no or str(shop.next_order_no()), SHOPS[wish.shop_id])
        if self._town.faults.take(Place.TRADE, order.out_trade_no, Fault.EARLY_NOTICE):
            provider = self._town.provider_of(order.out_trade_no)
            provider.pay(provider.open(order.out_trade_no, order.amount_minor, order.subject, Fault.EARLY_NOTICE))
            await self._town.courier.pace.pause(PLACED_AFTER_NOTICE)
        accepted = await shop.place(order)
        return {"out_trade_no": order.out_trade_no, "amount_minor": order.amount_minor, "accepted": accepted}

    async def pay(self, wish: PaymentWish) -> Json:
        order = self._town.shop.orders.get(wish.out_trade_no)
        amount = wish.amount_minor or (order.amount_minor if order else None)
        if amount is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no order {wish.out_trade_no}; name an amount to pay anyway")
        provider = self._town.provider_of(wish.out_trade_no)
        trade = provider.open(wish.out_trade_no, amount, order.subject if order else "订单")
        try:
            if not wish.only_open:
                provider.pay(trade)
        except NotPayable as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
        return trade.shown()

    async def notice(self, wish: NoticeWish) -> Json:
        """One more notice about a trade, with any fault that lies in the notice itself."""
        provider = self._town.provider_of(wish.out_trade_no)
        trade = provider.trades.find(wish.out_trade_no)
        if trade is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no trade {wish.out_trade_no}")
        shown: Json = provider.post.send(trade, wish.fault).shown()
        return shown

    async def cancel(self, wish: CancelWish) -> Json:
        order = self._town.shop.orders.get(wish.out_trade_no)
        if order is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no order {wish.out_trade_no}")
        return {"cancelled": await self._town.shop.cancel(order, wish.reason)}

    async def stock(self, wish: StockWish) -> Json:
        levels = self._town.warehouse.desk.shelves.levels
        for sku, units in wish.levels.items():
            if units is None:
                levels.pop(sku, None)
            else:
                levels[sku] = units
        return {"levels": dict(levels)}

    async def trade_hour(self, wish: TradeHourWish) -> Json:
        town = self._town
        if town.trade_hour is not None and not town.trade_hour.is_finished:
            raise HTTPException(HTTPStatus.CONFLICT, "an hour of trade is under way")
        free = town.shop.next_order_no()
        first = wish.first_order_no or free
        if first < free:
            raise HTTPException(HTTPStatus.CONFLICT, f"order numbers below {free} are taken")
        plans = [draw(TEA, wish.orders, wish.seed, wish.seconds, first)]
        if wish.wechatpay_orders:
            plans.append(draw(TOOLS, wish.wechatpay_orders, wish.seed + 2, wish.seconds, first + wish.orders))
        plan = together(plans)
        town.trade_hour = TradeHour(
            plan if wish.staff else replace(plan, refunds=()),
            alipay=town.alipay,
            wechatpay=town.wechatpay,
            warehouse=town.warehouse,
            shop=town.shop,
            faults=town.faults,
            pace=town.courier.pace,
            refunds=RefundStories(town.refund_desk(wish.staff), town.warehouse, town.courier.pace),
        )
        town.crew.start(town.trade_hour.run(town.crew, wish.seconds + wish.grace_seconds))
        return {"orders": wish.orders + wish.wechatpay_orders, "first_order_no": first}
