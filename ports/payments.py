"""Payment providers: what they tell us, what we ask them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.messages import RawAnswer, RawMessage


class NoticeKind(StrEnum):
    CAPTURED = "captured"  # money arrived
    REFUND = "refund"  # money went back: no payment, whatever the trade's state says
    CLOSED = "closed"  # closed without payment
    PENDING = "pending"  # nothing happened yet


@dataclass(frozen=True)
class RefundFact:
    """What a notice says of the refund `out_refund_no`; `amount` and `at` are there where it tells them."""

    out_refund_no: str
    outcome: RefundOutcome
    refund_no: str | None = None
    amount: Money | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class PaymentNotice:
    """One verified notice. `notice_id` is the provider's id of the notice, the same on each of its retries.

    `account` is our name of the merchant account it was paid to; `paid_at` is aware. `refund`: where the kind is
    REFUND, and the notice names the number and says what became of it.
    """

    provider: str
    account: str
    notice_id: str
    kind: NoticeKind
    trade_no: str
    out_trade_no: str
    amount: Money
    state: str
    paid_at: datetime | None
    refund: RefundFact | None = None


class TradeState(StrEnum):
    PAID = "paid"
    UNPAID = "unpaid"
    CLOSED = "closed"
    REFUNDED = "refunded"  # paid, but money of it went back: it pays for nothing by itself any more
    NOT_FOUND = "not_found"  # the buyer has not opened the payment page yet


@dataclass(frozen=True)
class TradeQuestion:
    """One trade by our own number, asked at the merchant account it belongs to.

    `transaction_id` names the outside call in logs, traces and audit.
    """

    provider: str
    account: str
    out_trade_no: str
    transaction_id: str


@dataclass(frozen=True)
class TradeAnswer:
    """`trade_no`, `amount` and `paid_at` are there when `state` is PAID."""

    state: TradeState
    trade_no: str | None = None
    amount: Money | None = None
    paid_at: datetime | None = None


class CloseOutcome(StrEnum):
    CLOSED = "closed"
    NOTHING_TO_CLOSE = "nothing_to_close"
    ALREADY_PAID = "already_paid"


@dataclass(frozen=True)
class CloseAnswer:
    outcome: CloseOutcome


@dataclass(frozen=True)
class RefundOrder:
    """Money back by the route of one trade. `out_refund_no` makes it one movement, however often it is sent.

    `captured`: what the trade had brought. `reason` is shown to the buyer where the provider shows one.
    """

    provider: str
    account: str
    trade_no: str
    out_trade_no: str
    out_refund_no: str
    amount: Money
    captured: Money
    reason: str
    transaction_id: str


@dataclass(frozen=True)
class RefundQuestion:
    """What became of the refund of this number."""

    provider: str
    account: str
    trade_no: str
    out_trade_no: str
    out_refund_no: str
    amount: Money
    captured: Money
    transaction_id: str


@dataclass(frozen=True)
class RefundAnswer:
    """`refund_no` is the provider's reference; `amount` and `at` are there where it tells them, `code` is its word."""

    outcome: RefundOutcome
    refund_no: str | None = None
    amount: Money | None = None
    at: datetime | None = None
    code: str | None = None


class PaymentProvider(Protocol):
    """One provider with all our merchant accounts at it."""

    @property
    def name(self) -> str:
        """`alipay`, `wechatpay`."""

    def read_notice(self, message: RawMessage) -> PaymentNotice:
        """Verify and translate. Raises MessageRefused with the reason; does no IO."""

    def answer(self, *, accepted: bool) -> RawAnswer:
        """What the provider must read to stop (accepted) or to send again."""

    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        """Raises Unavailable when the state could not be learned."""

    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        """Close an unpaid trade so that it can't be paid any more. Raises Unavailable."""

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        """Raises Unavailable only when it is certain that the request never reached the provider.

        An answer that was lost, or that nobody can read or prove, is UNKNOWN.
        """

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        """Raises Unavailable or AnswerNotUnderstood when nothing could be learned."""
