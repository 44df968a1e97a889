"""What may be said about refunds over HTTP, strictly, and what is answered. Money is in minor units."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from api.case_decisions import CaseAnswer
from api.schemas import Id, Minor, Short, Strict
from domain.approval import Status, TaskState
from domain.approval_verbs import Where
from domain.money import Money
from domain.reference import OrderId
from domain.refund import Asking, Basis, Decision, Goods, Kind, RefundStage, Repayment
from domain.refund_leg import LegState
from domain.refund_money import Adjustment, RefundRequest, Units
from domain.returns import FreightBy
from workflows.refund_messages import ApprovalCommand

Said = Annotated[str, Field(max_length=500)]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class UnitsBody(Strict):
    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=10**6)]


class AdjustmentBody(Strict):
    """Money back without goods: a price difference of one line, or goodwill (no line)."""

    amount_minor: Annotated[int, Field(ge=1, le=10**12)]
    line_id: Id | None = None


class RefundBody(Strict):
    """`basis` due: what is due back already, as a whole; then neither units nor amounts are named."""

    channel: Id = "shop"
    shop_id: Id
    order_no: Id
    kind: Kind = Kind.REFUND_ONLY
    basis: Basis = Basis.SALE
    units: Annotated[tuple[UnitsBody, ...], Field(max_length=200)] = ()
    adjustments: Annotated[tuple[AdjustmentBody, ...], Field(max_length=200)] = ()
    shipping_minor: Minor | None = None
    reason: Reason
    note: Said = ""
    applicant: Id

    @property
    def order_id(self) -> OrderId:
        return OrderId(self.channel, self.shop_id, self.order_no)

    def asking(self, refund_id: str, currency: str) -> Asking:
        request = RefundRequest(
            tuple(Units(each.line_id, each.quantity) for each in self.units),
            tuple(Adjustment(Money(each.amount_minor, currency), each.line_id) for each in self.adjustments),
            None if self.shipping_minor is None else Money(self.shipping_minor, currency),
        )
        return Asking(refund_id, self.order_id, self.applicant, self.kind, self.basis, request)


class DecisionBody(Strict):
    """`verb`: approve, refuse, add_signer, remove_signer, transfer, delegate, send_back, resubmit.

    `version` and `task` are those that were seen; what was changed meanwhile is refused. `by`: the token's person,
    or nothing.
    """

    verb: Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]
    by: Id | None = None
    version: Annotated[int, Field(ge=1, le=10**6)]
    task: Annotated[int, Field(ge=0, le=10**6)] | None = None
    reason: Said = ""
    signer: Short = ""
    where: Where | None = None
    step: Annotated[int, Field(ge=0, le=100)] | None = None
    keep_signatures: bool = False

    def command(self, by: str, moves: int | None) -> ApprovalCommand:
        return ApprovalCommand(
            self.verb,
            by,
            self.version,
            self.task,
            self.reason,
            self.signer,
            self.where or "",
            self.step,
            self.keep_signatures,
            moves,
        )


class WithdrawalBody(Strict):
    by: Id
    version: Annotated[int, Field(ge=1, le=10**6)] = 1


class WaybillBody(Strict):
    """The buyer has sent the goods. `freight_by`: who bears the way back; without it the rule for the reason stands."""

    by: Id
    carrier: Id
    waybill_no: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{4,40}$")]
    freight_by: FreightBy | None = None


class DeductionBody(Strict):
    line_id: Id
    amount_minor: Annotated[int, Field(ge=1, le=10**12)]


class AssessmentBody(Strict):
    """What is taken off for damaged goods; nothing: paid back as approved. `by`: the token's person, or nothing."""

    by: Id | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    deductions: Annotated[tuple[DeductionBody, ...], Field(max_length=200)] = ()

    def amounts(self, currency: str) -> dict[str, Money]:
        return {each.line_id: Money(each.amount_minor, currency) for each in self.deductions}


class CameBackAnswer(BaseModel):
    line_id: str
    good: int
    damaged: int
    missing: int


class ReturnAnswer(BaseModel):
    """`send_by`: the end of the buyer's window. `lines`: what the warehouse found."""

    send_by: datetime
    freight_by: FreightBy
    carrier: str
    waybill_no: str
    sent_at: datetime | None
    received_at: datetime | None
    lines: list[CameBackAnswer]
    assessed_by: str
    assessment: str


class AskedAnswer(BaseModel):
    """`stage` and `amount_minor` are null while no worker has taken it up: look at `status_url`."""

    refund: str
    order: str
    stage: RefundStage | None
    amount_minor: int | None
    currency: str
    status_url: str


class TaskAnswer(BaseModel):
    """`may_act`: superiors who were reminded, and may decide in the signer's place."""

    task: int
    step: str
    signer: str
    state: TaskState
    may_act: list[str]
    opened_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str


class ApprovalAnswer(BaseModel):
    """`moves`: how often somebody has acted on it; the refund's ETag."""

    moves: int
    status: Status
    version: int
    amount_minor: int
    policy: str | None
    owners: list[str]
    next_action: str
    tasks: list[TaskAnswer]


class ReminderAnswer(BaseModel):
    task: int
    level: int
    person: str
    at: datetime
    skipped: str


class LegAnswer(BaseModel):
    """`held`: what of our own keeps it from going out, such as `stop`; it goes on by itself."""

    out_refund_no: str
    provider: str
    amount_minor: int
    state: LegState
    held: str | None
    refund_no: str | None
    done_at: datetime | None


class RefundAnswer(BaseModel):
    """`refusal`: why it was refused. `goods`: what becomes of them. `approval` is null until somebody is asked.

    `attempt`: how often this was asked for; `follows`: the request before, which came to nothing.
    """

    refund: str
    order: str
    stage: RefundStage
    decision: Decision
    repayment: Repayment
    kind: Kind
    goods: Goods
    basis: Basis
    reason: str
    applicant: str
    amount_minor: int
    paid_back_minor: int
    currency: str
    refusal: str
    approval: ApprovalAnswer | None
    reminders: list[ReminderAnswer]
    legs: list[LegAnswer]
    goods_back: ReturnAnswer | None
    cases: list[CaseAnswer]
    attempt: int
    follows: str | None
    requested_at: datetime
    updated_at: datetime
