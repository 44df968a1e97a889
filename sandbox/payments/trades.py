"""A provider's book of trades. One out_trade_no has one trade; amounts are fen, times are aware."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sandbox.faults import Fault
from sandbox.pace import CHINA, now, shown

BUYERS = 10_000


class TradeState(StrEnum):
    """Our words; each provider has its own for them."""

    WAITING = "waiting"  # for the buyer to pay
    PAID = "paid"
    FINISHED = "finished"  # paid, and too late for refunds
    CLOSED = "closed"


class NotPayable(Exception):
    """The trade is paid or closed already."""


@dataclass
class Trade:
    """`app_id` and `seller_id` name the merchant as his provider does; `refund_number` is that of the last refund."""

    trade_no: str
    out_trade_no: str
    app_id: str
    seller_id: str
    buyer_id: str
    subject: str
    amount_minor: int
    opened_at: datetime
    state: TradeState = TradeState.WAITING
    paid_at: datetime | None = None
    closed_at: datetime | None = None
    refunded_minor: int = 0
    refunded_at: datetime | None = None
    refund_number: str = ""
    fault: Fault | None = None

    def refund(self, amount_minor: int, number: str) -> None:
        """`number` is the merchant's own of this refund."""
        self.refunded_minor += amount_minor
        self.refunded_at = now()
        self.refund_number = number

    def shown(self) -> dict[str, object]:
        return {
            "trade_no": self.trade_no,
            "out_trade_no": self.out_trade_no,
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "amount_minor": self.amount_minor,
            "currency": "CNY",
            "state": self.state,
            "opened_at": shown(self.opened_at),
            "paid_at": shown(self.paid_at),
            "closed_at": shown(self.closed_at),
            "refunded_minor": self.refunded_minor,
            "fault": self.fault,
        }


class TradeBook:
    """Numbers are made of the time, by `numbers`, and a running number, so that a restart draws new ones."""

    def __init__(self, app_id: str, seller_id: str, numbers: str) -> None:
        self._app_id = app_id
        self._seller_id = seller_id
        self._numbers = numbers
        self._trades: dict[str, Trade] = {}
        self._drawn: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Trade]:
        return iter(self._trades.values())

    def number(self, kind: str) -> str:
        """28 digits and more, unique within its kind."""
        self._drawn[kind] += 1
        return f"{now().astimezone(CHINA).strftime(self._numbers)}{self._drawn[kind]:06d}"

    def find(self, out_trade_no: str, trade_no: str = "") -> Trade | None:
        """The provider's own number decides when both are given."""
        if trade_no:
            return next((trade for trade in self._trades.values() if trade.trade_no == trade_no), None)
        return self._trades.get(out_trade_no)

    def open(self, out_trade_no: str, amount_minor: int, subject: str, fault: Fault | None = None) -> Trade:
        """The buyer opens the payment page. From here on the trade exists."""
        if (known := self._trades.get(out_trade_no)) is not None:
            return known
        trade = Trade(
            trade_no=self.number("trade"),
            out_trade_no=out_trade_no,
            app_id=self._app_id,
            seller_id=self._seller_id,
            buyer_id=f"2088{self._drawn['trade'] % BUYERS:04d}****{self._drawn['trade'] * 7 % BUYERS:04d}",
            subject=subject,
            amount_minor=amount_minor,
            opened_at=now(),
            fault=fault,
        )
        self._trades[out_trade_no] = trade
        return trade

    def pay(self, trade: Trade) -> None:
        if trade.state is not TradeState.WAITING:
            raise NotPayable(f"{trade.out_trade_no} is {trade.state}")
        trade.state = TradeState.PAID
        trade.paid_at = now()

    def refund_part(self, trade: Trade) -> None:
        """A tenth of the money goes back; at least one fen."""
        trade.refund(max(1, trade.amount_minor // 10), f"{trade.out_trade_no}_R1")

    def finish(self, trade: Trade) -> None:
        """The time for refunds is over."""
        trade.state = TradeState.FINISHED

    def close(self, trade: Trade) -> None:
        trade.state = TradeState.CLOSED
        trade.closed_at = now()
