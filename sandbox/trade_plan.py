"""Who buys what and what goes wrong in an hour of trade: drawn from one seed before anything happens."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sandbox.faults import Fault, Place, Planted
from sandbox.refund_plan import RefundWish, draw_refunds
from sandbox.shop.basket import SHOPS, Product, Shop, fill
from sandbox.shop.orders import Line, Order

BASIS = 400  # orders; the numbers below are for so many and grow or shrink with the orders asked for
MAIN_FAULTS = {
    Fault.WRONG_AMOUNT: 8,
    Fault.DOUBLE_PAYMENT: 5,
    Fault.NO_NOTICE: 20,
    Fault.NEVER_PAID: 15,
    Fault.CANCELLED_BEFORE_PAYMENT: 10,
    Fault.CANCELLED_AFTER_PAYMENT: 10,
    Fault.UNMATCHED_SKU: 3,
    Fault.INCOMPLETE_ADDRESS: 3,
}
IMPOSTORS = {
    Fault.FORGED_SIGNATURE: 12,
    Fault.FOREIGN_APP: 6,
    Fault.OTHER_SELLER: 6,
    Fault.OTHER_CURRENCY: 4,
}
PROBES = {Fault.SIGN_TEST: 12, Fault.STALE_NOTICE: 8}
"""What only WeChat Pay's receivers meet."""
GATEWAYS = {"alipay": Place.GATEWAY, "wechatpay": Place.WECHATPAY}
EARLY = 40
DELIVERED_FIRST = 40
BROKEN_CALLS = {Fault.CUT: 12, Fault.SERVER_ERROR: 12, Fault.LATE_ERROR: 6}
BROKEN_TELLINGS = {Fault.CUT: 4, Fault.SERVER_ERROR: 4, Fault.LATE_ERROR: 2}
"""Of stock levels to the shop; they do not hang on the number of orders."""
ASKED_ABOUT = {
    Fault.NO_NOTICE,
    Fault.NEVER_PAID,
    Fault.CANCELLED_BEFORE_PAYMENT,
    Fault.CANCELLED_AFTER_PAYMENT,
}
"""Orders whose trades Lockstep has to query or close at the gateway."""
BROKEN_GATEWAY_SHARE = 0.25
REPEATED_SHARE = 0.4
OPENS_PAGE_SHARE = 0.5
ARRIVALS_SHARE = 0.8  # of the time; the rest is for what the last orders bring about
OUTAGE_STARTS, OUTAGE_LASTS = 0.4, 8 / 60  # shares of the time
ROTATION = 0.5  # of the time: until then WeChat Pay signs with its certificate, then with its public key

PAYS_AFTER = (20.0, 240.0)
PLACED_AFTER_NOTICE = (20.0, 90.0)
CANCELS_AFTER = (30.0, 180.0)


@dataclass(frozen=True)
class Visit:
    """One buyer. `arrives_after` is real seconds from the start; all other times are the world's seconds.

    `acts_after` is from acceptance to payment (or to the cancellation that comes instead), for an early notice from
    payment to the placing of the order. `opens_page` matters where nobody pays: without it no trade exists.
    """

    order: Order
    arrives_after: float
    acts_after: float
    cancels_after: float
    opens_page: bool


@dataclass(frozen=True)
class TradePlan:
    """The times of the outage and of the rotation of keys are real seconds."""

    visits: Sequence[Visit]
    planted: Sequence[Planted]
    outage_after: float
    outage_seconds: float
    rotates_after: float
    refunds: Sequence[RefundWish] = ()


def together(plans: Sequence[TradePlan]) -> TradePlan:
    """Several shops' hours as one; the warehouse, whose outage is the first one's, is the same for all."""
    visits = [visit for plan in plans for visit in plan.visits]
    planted = [planted for plan in plans for planted in plan.planted]
    refunds = [wish for plan in plans for wish in plan.refunds]
    return replace(plans[0], visits=visits, planted=planted, refunds=refunds)


def draw(shop: Shop, orders: int, seed: int, seconds: float, first_order_no: int) -> TradePlan:
    rng = random.Random(seed)
    arrivals = sorted(rng.uniform(0, seconds * ARRIVALS_SHARE) for _ in range(orders))
    drawn = [fill(rng, str(first_order_no + number), shop) for number in range(orders)]
    _assign_main_faults(rng, drawn)
    planted = [*_trade_faults(rng, drawn), *_wire_faults(rng, drawn)]
    by_key = {key: order for order in drawn for key in (order.out_trade_no, order.reference)}
    for fault in planted:
        order = by_key[fault.key]
        if fault.fault is not order.fault:
            order.extras.append(fault)
    planted += [Planted(Place.SHOP, fault, shop.shop_id, times) for fault, times in BROKEN_TELLINGS.items()]
    visits = [_visit(rng, order, arrival) for order, arrival in zip(drawn, arrivals, strict=True)]
    refunds, of_refunds = draw_refunds(rng, drawn, lambda count: _scaled(count, orders))
    planted += of_refunds
    return TradePlan(visits, planted, seconds * OUTAGE_STARTS, seconds * OUTAGE_LASTS, seconds * ROTATION, refunds)


def _scaled(count: int, orders: int) -> int:
    """At least one of everything, unless there is hardly anybody to suffer it."""
    return max(round(count * orders / BASIS), 1 if orders >= 2 * len(MAIN_FAULTS) else 0)


def _assign_main_faults(rng: random.Random, orders: Sequence[Order]) -> None:
    unlucky = iter(rng.sample(orders, k=len(orders)))
    for fault, count in MAIN_FAULTS.items():
        for _ in range(_scaled(count, len(orders))):
            order = next(unlucky)
            order.fault = fault
            if fault is Fault.UNMATCHED_SKU:
                order.lines[0] = _unmatched(order.lines[0], SHOPS[order.shop_id].unmatched)
            elif fault is Fault.INCOMPLETE_ADDRESS:
                order.recipient = replace(order.recipient, detail="")


def _unmatched(line: Line, sold: Product) -> Line:
    return replace(line, platform_sku=sold.platform_sku, title=sold.title, list_price_minor=sold.price_minor)


def _trade_faults(rng: random.Random, orders: Sequence[Order]) -> list[Planted]:
    """Planted notices go to orders that are otherwise fine, and so do the early ones; any order's may be repeated."""
    planted = [
        Planted(Place.TRADE, order.fault, order.out_trade_no)
        for order in orders
        if order.fault in {Fault.WRONG_AMOUNT, Fault.NO_NOTICE}
    ]
    plain = [order for order in orders if order.fault is None]
    fine = iter(rng.sample(plain, k=len(plain)))
    probes = PROBES if _provider(orders[0]) == "wechatpay" else {}
    for fault, count in (*IMPOSTORS.items(), *probes.items(), (Fault.EARLY_NOTICE, EARLY)):
        chosen = [next(fine) for _ in range(_scaled(count, len(orders)))]
        planted += [Planted(Place.TRADE, fault, order.out_trade_no) for order in chosen]
    for order in orders:
        if order.fault is not Fault.NO_NOTICE and rng.random() < REPEATED_SHARE:
            kinds = (Fault.DUPLICATE, Fault.REPEATED, Fault.DUPLICATE_OTHER_ID)
            fault = rng.choices(kinds, weights=(5, 4, 1))[0]
            planted.append(Planted(Place.TRADE, fault, order.out_trade_no, copies=rng.choice((2, 3))))
    return planted


def _wire_faults(rng: random.Random, orders: Sequence[Order]) -> list[Planted]:
    count = len(orders)
    chosen = rng.sample(orders, k=_scaled(DELIVERED_FIRST, count))
    planted = [Planted(Place.PARCEL, Fault.DELIVERED_FIRST, order.reference) for order in chosen]
    broken = [fault for fault, number in BROKEN_CALLS.items() for _ in range(_scaled(number, count))]
    for order, fault in zip(rng.sample(orders, k=len(broken)), broken, strict=True):
        planted.append(Planted(Place.WAREHOUSE, fault, order.reference))
    for order in orders:
        if order.fault in ASKED_ABOUT and rng.random() < BROKEN_GATEWAY_SHARE:
            fault = rng.choice(tuple(BROKEN_CALLS))
            planted.append(Planted(GATEWAYS[_provider(order)], fault, order.out_trade_no))
    return planted


def _provider(order: Order) -> str:
    return SHOPS[order.shop_id].provider


def _visit(rng: random.Random, order: Order, arrives_after: float) -> Visit:
    return Visit(
        order=order,
        arrives_after=arrives_after,
        acts_after=rng.uniform(*(PLACED_AFTER_NOTICE if order.is_told_early else PAYS_AFTER)),
        cancels_after=rng.uniform(*CANCELS_AFTER),
        opens_page=rng.random() < OPENS_PAGE_SHARE,
    )
