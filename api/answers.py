"""What is answered about one order and about this process, as the OpenAPI document shows it.

Money is in minor units (fen); times are RFC 3339 in UTC. Fields are only added.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from api.progress import Concern, Milestone
from api.refund_tracking import ShownRefund
from api.workflow_answers import Source
from domain.axis import AfterSale, Fulfilment, Holding, Payment
from domain.case import Cause, Choice
from domain.ledger import Account
from domain.order import Cancellation, HoldReason, Kind, Stage
from domain.promise import Actor, Basis
from domain.shipment import Parcel


class Amount(BaseModel):
    amount_minor: int
    currency: str


# For customers


class Expected(BaseModel):
    """When the current stage is expected to end. `basis`: from earlier orders, or from what is promised."""

    earliest: datetime
    latest: datetime
    basis: Basis


class TrackedByNumber(BaseModel):
    """What the number alone shows. `source` and `as_of`: who says so, and when it was so."""

    order_no: str
    stage: Stage
    source: Source
    as_of: datetime
    updated_at: datetime
    expected: Expected | None
    overdue: bool


class ShownShop(BaseModel):
    id: str
    name: str
    time_zone: str


class ShownStep(BaseModel):
    name: Milestone
    reached: bool
    current: bool
    at: datetime | None


class ShownNext(BaseModel):
    stage: Stage | None
    by: Actor | None


class ShownLine(BaseModel):
    title: str
    quantity: int
    amount: Amount


class ShownPayment(BaseModel):
    provider: str
    reference: str
    amount: Amount
    paid_at: datetime


class ShownContent(BaseModel):
    title: str
    quantity: int


class ShownParcel(BaseModel):
    carrier: str
    waybill_no: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    contents: list[ShownContent]


class TrackedWithProof(TrackedByNumber):
    """What a signed link or the phone shows: everything but the person."""

    shop: ShownShop
    due: datetime | None
    completes_at: datetime | None
    steps: list[ShownStep]
    next: ShownNext
    on_hold: list[Concern]
    lines: list[ShownLine]
    shipping: Amount
    amount: Amount
    pay_until: datetime | None
    payments: list[ShownPayment]
    refund_due: Amount
    refunds: list[ShownRefund]
    parcels: list[ShownParcel]


# For staff


class Axes(BaseModel):
    payment: Payment
    fulfilment: Fulfilment
    hold: Holding
    after_sale: AfterSale


class OrderedLine(BaseModel):
    line_id: str
    platform_sku: str
    title: str
    quantity: int
    cash: Amount
    gift_of: str | None


class PlannedPart(BaseModel):
    part: int
    amount: Amount
    pay_until: datetime


class BookedPayment(BaseModel):
    provider: str
    account: str
    trade_no: str
    part: int
    amount_minor: int
    currency: str
    paid_at: datetime
    matched: bool
    source: str
    recorded_at: datetime


class ReservedLine(BaseModel):
    line_id: str
    sku: str
    quantity: int
    shipped: int
    released: bool


class Goods(BaseModel):
    """What a line takes from stock; `dropped` units of it will not come."""

    line_id: str
    sku: str
    quantity: int
    dropped: int


class PushedOrder(BaseModel):
    """`contents`: units by line. `stopped`: nothing of it left the warehouse, and nothing will."""

    number: int
    reference: str
    contents: dict[str, int]
    outbound_no: str | None
    outside_shipment_no: str | None
    pushed_at: datetime
    stopped: bool


class Balance(BaseModel):
    account: Account
    currency: str
    amount_minor: int


class OpenCase(BaseModel):
    id: str
    cause: Cause
    subject: str
    detail: str
    owner: str
    next_action: str
    choices: list[Choice]
    waits: bool
    attempts: int
    last_error: str | None
    opened_at: datetime
    due_at: datetime


class OrderAnswer(BaseModel):
    """How an order stands; nothing of the recipient. `ledger`: the balance of each account.

    `backordered`: a part of a short order went ahead, the rest is to follow.
    """

    order: str
    kind: Kind
    stage: Stage
    source: Source
    as_of: datetime
    updated_at: datetime
    overdue: bool
    axes: Axes
    cancellation: Cancellation
    backordered: bool
    holds: list[HoldReason]
    unmatched_lines: list[str]
    address_gaps: list[str]
    placed_at: datetime
    amount: Amount
    shipping: Amount
    refund_due: Amount
    lines: list[OrderedLine]
    plan: list[PlannedPart]
    parcels: list[Parcel]
    payments: list[BookedPayment]
    goods: list[Goods]
    reservations: list[ReservedLine]
    outbound: list[PushedOrder]
    ledger: list[Balance]
    cases: list[OpenCase]
    links: dict[str, str]


class TimelineEntry(BaseModel):
    """One entry of the audit log. `change`: what moved, `[from, to]` for an axis; `caused_by`: inbound events."""

    seq: int
    at: datetime
    actor: str
    step: str
    change: dict[str, Any]
    caused_by: list[int]
    transaction_id: str
    workflow_run: str
    trace_id: str


class TimelineAnswer(BaseModel):
    order: str
    entries: list[TimelineEntry]


# For whoever runs this


class Alive(BaseModel):
    status: Literal["ok"]


class Ready(BaseModel):
    postgres: Literal["ok", "away"]
    temporal: Literal["ok", "away"]
