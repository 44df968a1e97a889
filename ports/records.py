"""The central record, as workflows see it: each method is one transition and one transaction.

Repeating a call changes nothing and answers the same: a crashed workflow task repeats its local activities.
`event_ids` name the evidence rows (inbound_events) of the messages that caused the step; they are marked as applied in
the same transaction. What the record can't take is no error either: the answer shows the case (IMPOSSIBLE_FACT, or
STEP_REFUSED, for which the order waits). An exception is an outage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.axis import NOT_PUSHED, Fulfilment, Payment
from domain.case import CaseDecision, Cause
from domain.limits import Limits
from domain.money import Money
from domain.order import Cancellation, HoldReason, Order, Stage
from domain.payment import Capture
from domain.reference import OrderId
from domain.shipment import Parcel
from ports.warehouse import PushRequest


@dataclass(frozen=True)
class OrderPlaced:
    """A shop's order. Recipient and note are sealed with the customer's key before they come here."""

    order: Order
    customer_id: str
    recipient: str
    customer_note: str
    phone_tail: str
    event_ids: tuple[int, ...] = ()

    @property
    def order_id(self) -> OrderId:
        return self.order.id


@dataclass(frozen=True)
class PaymentSettled:
    """Money was captured. `source`: `notice`, or `query` when we had to ask."""

    order_id: OrderId
    capture: Capture
    source: str
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class CancelRequested:
    order_id: OrderId
    by: str
    reason: str
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ParcelReported:
    order_id: OrderId
    parcel: Parcel
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class RecipientAmended:
    order_id: OrderId
    by: str
    recipient: str
    phone_tail: str
    address_gaps: tuple[str, ...]
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class GoodsStopAsked:
    """A refund wants these units, {line id: units}, not to leave. It is told once that is decided."""

    order_id: OrderId
    refund_id: str
    units: Mapping[str, int]
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class RefundMoved:
    """A refund of the order was opened, or has ended; `stage` is what people see of it."""

    order_id: OrderId
    refund_id: str
    is_open: bool
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class DueBack:
    """Money is due back that is not on its way: the next refund of our own has this number within the order."""

    number: int


@dataclass(frozen=True)
class OrderStep:
    """A step of the workflow itself; `transaction_id` = workflow id / verb. `outbound` is the number it is about."""

    order_id: OrderId
    transaction_id: str
    outbound: int = 1


@dataclass(frozen=True)
class PushRecorded:
    """The warehouse took the outbound order, or a person says under which shipment it left."""

    order_id: OrderId
    transaction_id: str
    outbound_no: str | None = None
    outside_shipment_no: str | None = None
    by: str = "workflow"
    outbound: int = 1


@dataclass(frozen=True)
class CancelledTooLate:
    """Goods had left. `stopped`: the outbound orders of which the warehouse says that they will not."""

    order_id: OrderId
    transaction_id: str
    stopped: tuple[int, ...] = ()


@dataclass(frozen=True)
class GoodsStopped:
    """What the warehouse said to a refund's wish: `stopped` are the outbound orders that it let go of."""

    order_id: OrderId
    transaction_id: str
    refund_id: str
    stopped: tuple[int, ...] = ()


@dataclass(frozen=True)
class CaseOpened:
    order_id: OrderId
    cause: Cause
    subject: str
    detail: str
    attempts: int = 0
    last_error: str | None = None


@dataclass(frozen=True)
class CaseSettled:
    order_id: OrderId
    decision: CaseDecision


@dataclass(frozen=True)
class WaitingCase:
    """A case that the workflow stands still for. `subject`: what of a refund it is about, such as a leg's number."""

    case_id: str
    cause: Cause
    subject: str = ""


@dataclass(frozen=True)
class PendingStop:
    """A refund waits for its goods to be stopped; `intercepts` are the outbound orders to ask the warehouse about."""

    refund_id: str
    intercepts: tuple[int, ...]


@dataclass(frozen=True)
class UnpaidPart:
    """The part of the plan that is to be paid next, under our number at the provider."""

    provider: str
    account: str
    out_trade_no: str
    part: int
    amount: Money
    opened_at: datetime
    pay_until: datetime


@dataclass(frozen=True)
class OrderView:
    """What the workflow needs to know after each step; everything else stays in the record.

    `outbound`: the number of the last outbound order that the warehouse may know of; `pushing`: that it has it is not
    recorded yet. `backordered`: the rest is to follow as the next one. `awaits_stock`: goods are not reserved, or a
    hold stands: `reserve_stock` is to look again. `owed`: open cases of money that is due back, or may be.
    """

    order_id: OrderId
    known: bool
    limits: Limits
    stage: Stage = Stage.AWAITING_PAYMENT
    payment: Payment = Payment.UNPAID
    fulfilment: Fulfilment = Fulfilment.WAITING
    cancellation: Cancellation = Cancellation.NONE
    holds: tuple[HoldReason, ...] = ()
    amount: Money | None = None
    unpaid: UnpaidPart | None = None
    delivered_at: datetime | None = None
    cases: tuple[WaitingCase, ...] = ()
    open_cases: int = 0
    outbound: int = 1
    pushing: bool = False
    backordered: bool = False
    awaits_stock: bool = True
    owed: tuple[str, ...] = ()
    stops: tuple[PendingStop, ...] = ()

    @property
    def awaits_push(self) -> bool:
        return self.fulfilment in NOT_PUSHED or self.backordered

    @property
    def finished(self) -> bool:
        return self.fulfilment in (Fulfilment.COMPLETED, Fulfilment.STOPPED)


class OrderRecords(Protocol):
    async def load(self, step: OrderStep) -> OrderView:
        """`known` is False while only money or a wish has come, but no order."""

    async def place(self, fact: OrderPlaced) -> OrderView:
        """Write the order; money that came before it is matched."""

    async def record_payment(self, fact: PaymentSettled) -> OrderView:
        """Verify the amount against the plan and book the capture, matched or held apart.

        Money that completes the plan reserves the goods at once, as `reserve_stock` would.
        """

    async def request_cancellation(self, fact: CancelRequested) -> OrderView: ...

    async def report_parcel(self, fact: ParcelReported) -> OrderView: ...

    async def amend_recipient(self, fact: RecipientAmended) -> OrderView: ...

    async def hear_of_refund(self, fact: RefundMoved) -> OrderView:
        """The after-sale axis; and cases of money that is back settle themselves."""

    async def due_back(self, step: OrderStep) -> DueBack | None:
        """None when nothing is due back that is not on its way."""

    async def reserve_stock(self, step: OrderStep) -> OrderView:
        """Reserve what is matched, and look at the release gate: holds that stand are in the answer, with their cases.

        Short stock opens a case and reserves nothing, unless a person split the order.
        """

    async def push_request(self, step: OrderStep) -> PushRequest:
        """What the warehouse needs, with the recipient in clear. Never goes through Temporal.

        The same on each attempt; raises once nothing of it is reserved any more.
        """

    async def record_push(self, fact: PushRecorded) -> OrderView: ...

    async def complete(self, step: OrderStep) -> OrderView: ...

    async def stop(self, step: OrderStep) -> OrderView:
        """Nothing will leave: stock is freed, captured money becomes due back."""

    async def cancel_too_late(self, fact: CancelledTooLate) -> OrderView:
        """What had not left is dropped: its stock is freed, its share of the money becomes due back."""

    async def ask_goods_stop(self, fact: GoodsStopAsked) -> OrderView:
        """What a refund does not want to leave is in the answer's `stops` until it is decided."""

    async def stop_goods(self, fact: GoodsStopped) -> OrderView:
        """Units that will not leave are dropped and freed, their money becomes due; the refund finds the answer."""

    async def open_case(self, fact: CaseOpened) -> OrderView: ...

    async def settle_case(self, fact: CaseSettled) -> OrderView: ...
