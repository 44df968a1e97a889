"""The record of refunds, as their workflow sees it: each method is one transition and one transaction.

As in ports/records.py: repeating a call changes nothing and answers the same, what the record can't take is a case in
the answer, and an exception is an outage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.after_sale import AfterSale
from domain.approval import Approval
from domain.case import CaseDecision, Cause
from domain.limits import Limits
from domain.money import Money
from domain.reference import OrderId
from domain.refund import Asking, Goods, RefundStage
from domain.refund_leg import Leg, Told
from domain.returns import Return
from domain.stock import Demand
from ports.records import WaitingCase
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived


@dataclass(frozen=True)
class RefundAsked:
    """`reason` is the kind that was chosen, such as `damaged`; `note`, the applicant's words, is sealed.

    `sale`: the marketplace's after-sale that it is about, where the platform moves the money.
    """

    asking: Asking
    reason: str
    note: str
    event_ids: tuple[int, ...] = ()
    sale: AfterSale | None = None

    @property
    def order_id(self) -> OrderId:
        return self.asking.order_id

    @property
    def refund_id(self) -> str:
        return self.asking.refund_id


@dataclass(frozen=True)
class RefundStep:
    """A step of the workflow itself; `transaction_id` = workflow id / verb [/ leg]."""

    refund_id: str
    order_id: OrderId
    transaction_id: str
    leg: int = 0


@dataclass(frozen=True)
class Reminder:
    """A superior who was told of a task at a level, or why he was not."""

    task_id: int
    level: int
    person: str
    at: datetime
    skipped: str = ""


@dataclass(frozen=True)
class ApprovalMoved:
    """What became of the approval by what somebody did: `by` did `verb`. The engine has decided, this is written.

    `number`: 1, 2, ... of this refund's; one that was written before changes nothing.
    """

    refund_id: str
    order_id: OrderId
    transaction_id: str
    number: int
    approval: Approval
    by: str
    verb: str
    why: str = ""
    policy: str | None = None
    reminder: Reminder | None = None


@dataclass(frozen=True)
class PolicyApproved:
    """A policy approves by itself: `policy` is name@version, `why` the rule in words."""

    refund_id: str
    order_id: OrderId
    transaction_id: str
    policy: str
    why: str


@dataclass(frozen=True)
class LegAnswered:
    refund_id: str
    order_id: OrderId
    transaction_id: str
    leg: int
    told: Told


@dataclass(frozen=True)
class RefundTold:
    """A provider told of a leg without being asked."""

    refund_id: str
    order_id: OrderId
    leg: int
    told: Told
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlatformTold:
    """How a marketplace's after-sale stands: told by itself, or in an answer."""

    refund_id: str
    order_id: OrderId
    sale: AfterSale
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class DecidedAtDeadline:
    """Nobody signed in time, and the policy says what happens then."""

    refund_id: str
    order_id: OrderId
    transaction_id: str
    policy: str
    is_agreed: bool
    why: str


@dataclass(frozen=True)
class RefundCaseOpened:
    refund_id: str
    order_id: OrderId
    cause: Cause
    subject: str
    detail: str
    attempts: int = 0
    last_error: str | None = None


@dataclass(frozen=True)
class RefundCaseSettled:
    refund_id: str
    order_id: OrderId
    decision: CaseDecision


@dataclass(frozen=True)
class LegView:
    """A leg with what its provider must be told: our number of the trade, and what the trade had brought."""

    leg: Leg
    out_trade_no: str
    captured: Money


@dataclass(frozen=True)
class RefundView:
    """What the workflow needs to know after each step; everything else stays in the record.

    `together`: what people decide on this order, open and done, with this refund. `refusal`: why it was refused.
    `to_stop`: {line id: units} that have not left and are not to.
    """

    refund_id: str
    order_id: OrderId
    known: bool
    limits: Limits
    stage: RefundStage = RefundStage.AWAITING_APPROVAL
    amount: Money | None = None
    together: Money | None = None
    version: int = 1
    applicant: str = ""
    reason: str = ""
    refusal: str = ""
    approval: Approval | None = None
    approval_moves: int = 0
    reminders: tuple[Reminder, ...] = ()
    legs: tuple[LegView, ...] = ()
    goods: Goods = Goods.KEPT
    to_stop: Mapping[str, int] = field(default_factory=dict)
    back: Return | None = None
    to_come_back: tuple[Demand, ...] = ()
    ended: bool = False
    cases: tuple[WaitingCase, ...] = ()
    open_cases: int = 0
    sale: AfterSale | None = None


class RefundRecords(Protocol):
    async def load(self, step: RefundStep) -> RefundView: ...

    async def open(self, fact: RefundAsked) -> RefundView:
        """Under the lock of the order's money row, so that two requests never come to more than was paid.

        Refused: `refusal` has the exact maximum, or what to do instead.
        """

    async def hear_of_goods(self, step: RefundStep) -> RefundView:
        """What the order's workflow wrote about the goods that were to be stopped; nothing, while it has not."""

    async def move_approval(self, fact: ApprovalMoved) -> RefundView:
        """Tasks, signatures, reminders; and the decision, once there is one."""

    async def expect_return(self, step: RefundStep) -> RefundView:
        """The buyer's window begins, once."""

    async def note_sent(self, fact: GoodsSent) -> RefundView:
        """Under which waybill; the first one counts."""

    async def receive_return(self, fact: ReturnReceived) -> RefundView:
        """Good goods are stock again; another amount is another version. Damage is a case, for which it waits."""

    async def assess_return(self, fact: ReturnAssessed) -> RefundView:
        """What a person takes off for damage."""

    async def close_return(self, step: RefundStep) -> RefundView:
        """Nothing was sent within the window."""

    async def approve_by_policy(self, fact: PolicyApproved) -> RefundView:
        """Without signatures: only for money that is due back, of which nobody asked."""

    async def plan(self, step: RefundStep) -> RefundView:
        """The legs, before anything is asked of a provider. Only what is approved as it is has any."""

    async def ask_leg(self, step: RefundStep) -> RefundView:
        """Written before each call: from now on the provider may have moved this leg's money.

        Or it is `held`, and must not be asked for: the brake is read in the same transaction.
        """

    async def record_answer(self, fact: LegAnswered) -> RefundView:
        """What the provider said; money that went back is booked in the same transaction."""

    async def record_notice(self, fact: RefundTold) -> RefundView:
        """The same, of what it said by itself: before our own answer, again, or long after the end."""

    async def hear_platform(self, fact: PlatformTold) -> RefundView:
        """What a marketplace says, whoever decided there; money that it moved is booked in the same transaction."""

    async def decide_at_deadline(self, fact: DecidedAtDeadline) -> RefundView:
        """A policy decides in the signers' place; nothing, where it is decided already."""

    async def open_case(self, fact: RefundCaseOpened) -> RefundView: ...

    async def settle_case(self, fact: RefundCaseSettled) -> RefundView: ...
