"""What the shop may send, strictly. Money is in minor units (fen), times are RFC 3339 with zone."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from domain.line import Line, check_lines
from domain.money import Money
from domain.order import Kind, Order
from domain.payment import PlanPart, check_plan
from domain.reference import OrderId
from ports.warehouse import Recipient

Minor = Annotated[int, Field(ge=0, le=10**12)]
Short = Annotated[str, Field(max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _can_be_recorded(cls, value: Any) -> Any:
        """Postgres has no text with the character NUL: it would be accepted here and could never be written."""
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("may not contain the character NUL")
        return value


class RecipientBody(Strict):
    """May have gaps: an incomplete address holds the order, it does not lose it."""

    name: Short = ""
    phone: Short = ""
    province: Short = ""
    city: Short = ""
    district: Short = ""
    detail: Short = ""

    def recipient(self) -> Recipient:
        return Recipient(**self.model_dump())

    def gaps(self) -> tuple[str, ...]:
        """The district may be missing: not every city has one."""
        return tuple(name for name, value in self.model_dump().items() if not value and name != "district")


class LineBody(Strict):
    """`list_price_minor` is per unit; discount and subsidy are the line's whole shares."""

    line_id: Id
    platform_sku: Id
    title: Short = ""
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    list_price_minor: Minor
    merchant_discount_minor: Minor = 0
    platform_subsidy_minor: Minor = 0
    gift_of: str | None = None


class PlanPartBody(Strict):
    part: Annotated[int, Field(ge=1, le=9)]
    amount_minor: Annotated[int, Field(gt=0, le=10**12)]
    pay_within_seconds: Annotated[int, Field(ge=60, le=90 * 86_400)]


class PlaceOrderBody(Strict):
    channel: str = "shop"
    shop_id: Id
    order_no: Id
    placed_at: Moment
    currency: str = "CNY"
    kind: Kind = Kind.STANDARD
    customer_id: Id
    customer_note: Annotated[str, Field(max_length=2000)] = ""
    recipient: RecipientBody
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=200)]
    shipping_minor: Minor = 0
    payment_plan: Annotated[list[PlanPartBody], Field(min_length=1, max_length=9)]

    @property
    def order_id(self) -> OrderId:
        return OrderId(self.channel, self.shop_id, self.order_no)

    def order(self, time_scale: float) -> Order:
        """Raises InvalidOrder, InvalidMoney or InvalidReference, each with a sentence."""
        order = Order(
            self.order_id,
            self.kind,
            tuple(self._line(line) for line in self.lines),
            self._money(self.shipping_minor),
            tuple(
                PlanPart(
                    each.part,
                    self._money(each.amount_minor),
                    self.placed_at + timedelta(seconds=each.pay_within_seconds) / time_scale,
                )
                for each in self.payment_plan
            ),
            self.placed_at,
            address_gaps=self.recipient.gaps(),
        )
        check_lines(order.lines)
        check_plan(order.plan, order.amount)
        return order

    def _line(self, line: LineBody) -> Line:
        return Line(
            line.line_id,
            line.platform_sku,
            line.title,
            line.quantity,
            self._money(line.list_price_minor),
            self._money(line.merchant_discount_minor),
            self._money(line.platform_subsidy_minor),
            line.gift_of,
        )

    def _money(self, amount_minor: int) -> Money:
        return Money(amount_minor, self.currency)

    def fact(self) -> dict[str, object]:
        """What two copies of one order must have in common."""
        return self.model_dump(mode="json", exclude={"customer_note", "recipient"}) | {
            "recipient": asdict(self.recipient.recipient())
        }


class CancelBody(Strict):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class DecideBody(Strict):
    """`skip` needs `outside_shipment_no` and a `second_person`, `elsewhere` an `outside_payment_no`.

    `by`: the token's person, or nothing.
    """

    choice: str
    by: Id | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    second_person: str | None = None
    outside_shipment_no: str | None = None
    outside_payment_no: str | None = None


class PlacedAnswer(BaseModel):
    order: str
    out_trade_nos: list[str]
    status_url: str
    track_url: str


class TakenAnswer(BaseModel):
    order: str
    status_url: str
