"""Payment providers: what they tell us, what we ask them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from ports.messages import RawAnswer, RawMessage


class NoticeKind(StrEnum):
    CAPTURED = "captured"  # money arrived
    REFUND = "refund"  # money went back: no payment, whatever the trade's state says
    CLOSED = "closed"  # closed without payment
    PENDING = "pending"  # nothing happened yet


@dataclass(frozen=True)
class PaymentNotice:
    """One verified notice. `notice_id` is the provider's id of the notice, the same on each of its retries.

    `account` is our name of the merchant account it was paid to; `paid_at` is aware.
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


class TradeState(StrEnum):
    PAID = "paid"
    UNPAID = "unpaid"
    CLOSED = "closed"
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
