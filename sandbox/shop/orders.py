"""An order as the shop has it. Amounts are fen: prices per unit, discounts and subsidies per line."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.courier import Delivery
from sandbox.faults import Fault, Planted
from sandbox.pace import CHINA, shown

CHANNEL = "shop"
PAY_WITHIN_SECONDS = 1800


@dataclass(frozen=True)
class Recipient:
    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str


@dataclass(frozen=True)
class Line:
    """`gift_of` names the line that a gift comes with."""

    line_id: str
    platform_sku: str
    title: str
    quantity: int
    list_price_minor: int
    merchant_discount_minor: int = 0
    platform_subsidy_minor: int = 0
    gift_of: str | None = None

    @property
    def amount_minor(self) -> int:
        """What the buyer pays for this line."""
        return self.list_price_minor * self.quantity - self.merchant_discount_minor - self.platform_subsidy_minor


@dataclass
class Order:
    """`fault` is the main thing that goes wrong with it, `extras` is whatever was planted besides."""

    shop_id: str
    order_no: str
    customer_id: str
    customer_note: str
    recipient: Recipient
    lines: list[Line]
    shipping_minor: int
    fault: Fault | None = None
    extras: list[Planted] = field(default_factory=list)
    placed_at: datetime | None = None
    accepted_at: datetime | None = None
    cancelled_at: datetime | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    cancel_answer: Delivery | None = None

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines) + self.shipping_minor

    @property
    def out_trade_no(self) -> str:
        return f"{self.shop_id}_{self.order_no}"

    @property
    def reference(self) -> str:
        """What the warehouse will know it by."""
        return f"{CHANNEL}.{self.shop_id}.{self.order_no}"

    @property
    def is_told_early(self) -> bool:
        """The provider tells of the payment before the shop places the order."""
        return any(planted.fault is Fault.EARLY_NOTICE for planted in self.extras)

    @property
    def subject(self) -> str:
        """Braces inside a string are for readers that count braces in signed answers."""
        return f"订单 {self.order_no} {{{self.lines[0].title}}}"

    def wire(self) -> dict[str, object]:
        assert self.placed_at is not None
        return {
            "channel": CHANNEL,
            "shop_id": self.shop_id,
            "order_no": self.order_no,
            "placed_at": self.placed_at.astimezone(CHINA).isoformat(timespec="seconds"),
            "currency": "CNY",
            "kind": "standard",
            "customer_id": self.customer_id,
            "customer_note": self.customer_note,
            "recipient": vars(self.recipient),
            "lines": [vars(line) for line in self.lines],
            "shipping_minor": self.shipping_minor,
            "payment_plan": [{"part": 1, "amount_minor": self.amount_minor, "pay_within_seconds": PAY_WITHIN_SECONDS}],
        }

    def shown(self) -> dict[str, object]:
        return {
            "order_no": self.order_no,
            "shop_id": self.shop_id,
            "reference": self.reference,
            "amount_minor": self.amount_minor,
            "placed_at": shown(self.placed_at),
            "accepted_at": shown(self.accepted_at),
            "fault": self.fault,
            "extras": [f"{planted.place}.{planted.fault}" for planted in self.extras],
            "cancelled": self.cancelled_at is not None,
            "cancelled_at": shown(self.cancelled_at),
            "lines": [vars(line) for line in self.lines],
            "cancel_answer": self.cancel_answer.shown() if self.cancel_answer else None,
            "deliveries": [delivery.shown() for delivery in self.deliveries],
        }
