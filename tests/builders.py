"""Orders and facts for tests; every value has a default, a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.line import Line
from domain.money import Money
from domain.order import Kind, Order
from domain.payment import Capture, PlanPart
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from ports.records import OrderPlaced, OrderStep, ParcelReported, PaymentSettled

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ORDER_ID = OrderId("shop", "tea", "1001")


def yuan(text: str) -> Money:
    return Money.from_decimal(text)


def line(line_id: str = "1", sku: str = "TEA-GREEN-250", quantity: int = 2, price: str = "68.00", **more: Any) -> Line:
    defaults: dict[str, Any] = {"merchant_discount": yuan("0"), "platform_subsidy": yuan("0")}
    return Line(line_id, sku, f"title of {sku}", quantity, yuan(price), **{**defaults, **more})


def order(order_id: OrderId = ORDER_ID, *, shipping: str = "8.00", parts: int = 1, **more: Any) -> Order:
    """Two packs of tea and freight: 144.00 CNY, to be paid within half an hour."""
    placed_at = more.pop("placed_at", NOON)
    lines = more.pop("lines", (line(),))
    draft = Order(order_id, more.pop("kind", Kind.STANDARD), lines, yuan(shipping), (), placed_at, **more)
    shares = draft.amount.allocate([1] * parts)
    plan = tuple(
        PlanPart(number, share, placed_at + timedelta(minutes=30)) for number, share in enumerate(shares, start=1)
    )
    return replace(draft, plan=plan)


def placed(what: Order | None = None, event_ids: tuple[int, ...] = ()) -> OrderPlaced:
    return OrderPlaced(what or order(), "c-17", "sealed recipient", "sealed note", "tail", event_ids)


def capture(
    amount: str = "144.00", trade_no: str = "2026112222001", part: int = 1, paid_at: datetime = NOON
) -> Capture:
    return Capture("alipay", "main", trade_no, part, yuan(amount), paid_at)


def settled(
    what: Capture | None = None, order_id: OrderId = ORDER_ID, event_ids: tuple[int, ...] = ()
) -> PaymentSettled:
    return PaymentSettled(order_id, what or capture(), "notice", event_ids)


def parcel(
    parcel_no: str = "P-1", units: int = 2, *, line_id: str = "1", delivered: bool = False, at: datetime = NOON
) -> Parcel:
    times = {"delivered_at": at} if delivered else {"shipped_at": at}
    return Parcel(parcel_no, "sf", f"SF{parcel_no}", (ParcelContent(line_id, units),), **times)


def reported(what: Parcel | None = None, order_id: OrderId = ORDER_ID) -> ParcelReported:
    return ParcelReported(order_id, what or parcel())


def step(verb: str = "step", order_id: OrderId = ORDER_ID) -> OrderStep:
    return OrderStep(order_id, f"order/{order_id}/{verb}")
