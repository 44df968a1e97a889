"""The warehouse: what we ask of it and what it tells us. Wire format: docs/warehouse-api.md."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.returns import ReturnedGoods
from ports.messages import RawMessage


@dataclass(frozen=True)
class Recipient:
    """Personal data: lives encrypted in the record and in clear only inside one push."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str


@dataclass(frozen=True)
class PushLine:
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class PushRequest:
    """`reference` is the order's id at the warehouse; `transaction_id` is the idempotency key."""

    reference: str
    transaction_id: str
    recipient: Recipient
    lines: tuple[PushLine, ...]
    note: str = ""


class PushOutcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # conclusive: nothing will be shipped; `reason` says why
    STOPPED = "stopped"  # intercepted earlier: nothing will be shipped


@dataclass(frozen=True)
class PushAnswer:
    outcome: PushOutcome
    outbound_no: str | None = None
    reason: str | None = None


class StopOutcome(StrEnum):
    STOPPED = "stopped"  # conclusive: nothing left, nothing will leave
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class StopAnswer:
    outcome: StopOutcome


class HoldOutcome(StrEnum):
    HELD = "held"
    RELEASED = "released"
    TOO_LATE = "too_late"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class HoldAnswer:
    outcome: HoldOutcome


@dataclass(frozen=True)
class StockLevel:
    sku: str
    on_hand: int


class ParcelEventKind(StrEnum):
    SHIPPED = "parcel.shipped"
    DELIVERED = "parcel.delivered"


@dataclass(frozen=True)
class ParcelLine:
    line_id: str
    quantity: int


@dataclass(frozen=True)
class ParcelEvent:
    """`event_id` is the warehouse's id of the message, the same on each retry; `occurred_at` is aware."""

    event_id: str
    kind: ParcelEventKind
    reference: str
    parcel_no: str
    carrier: str
    waybill_no: str
    lines: tuple[ParcelLine, ...]
    occurred_at: datetime


@dataclass(frozen=True)
class ExpectedReturn:
    """`reference` is the refund's id; the lines are those that were pushed, as far as they are to come back."""

    reference: str
    transaction_id: str
    order_reference: str
    carrier: str
    waybill_no: str
    lines: tuple[PushLine, ...]


@dataclass(frozen=True)
class ReturnEvent:
    """Goods came back and were looked at. `goods`: by pushed line; what is not named has not come."""

    event_id: str
    reference: str
    goods: tuple[ReturnedGoods, ...]
    occurred_at: datetime


class Warehouse(Protocol):
    """All calls raise Unavailable when the effect is not known, AnswerNotUnderstood outside the protocol."""

    async def push(self, request: PushRequest) -> PushAnswer:
        """Hand over an order for shipping. Repeating it with the same transaction id has no further effect."""

    async def stop(self, reference: str, transaction_id: str) -> StopAnswer:
        """Intercept. STOPPED also covers an order the warehouse never saw: a later push of it is refused."""

    async def hold(self, reference: str, transaction_id: str) -> HoldAnswer:
        """Pause without deciding."""

    async def resume(self, reference: str, transaction_id: str) -> HoldAnswer:
        """End a pause."""

    async def stock(self, skus: tuple[str, ...]) -> tuple[StockLevel, ...]:
        """Physical levels; an unknown sku is left out."""

    async def expect_return(self, request: ExpectedReturn) -> None:
        """Tell that goods come back. Repeating it has no further effect."""

    def read_event(self, message: RawMessage) -> ParcelEvent | ReturnEvent:
        """Verify and translate. Raises MessageRefused with the reason; does no IO."""
