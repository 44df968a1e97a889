"""A payment provider as a whole: buyers open and pay trades here, notices go out from here."""

from collections.abc import Sequence
from typing import Any, Generic, Protocol

from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.door import Door
from sandbox.faults import Fault, FaultBook, Place
from sandbox.payments.calls import Call
from sandbox.payments.notices import MORE_MINOR, AnyNotice, Desk
from sandbox.payments.post import NoticePost
from sandbox.payments.refunds import RefundBook
from sandbox.payments.trades import Trade, TradeBook


class Gateway(Protocol):
    door: Door
    calls: list[Call]
    refunds: RefundBook


class Provider(Generic[AnyNotice]):
    def __init__(
        self,
        trades: TradeBook,
        desk: Desk[AnyNotice],
        gateway: Gateway,
        faults: FaultBook,
        courier: Courier,
        crew: Crew,
    ) -> None:
        self.trades = trades
        self.post = NoticePost(desk, trades, faults, courier, crew)
        self._gateway = gateway
        self._faults = faults

    @property
    def refunds(self) -> RefundBook:
        return self._gateway.refunds

    @property
    def door(self) -> Door:
        return self._gateway.door

    def open(self, out_trade_no: str, amount_minor: int, subject: str, fault: Fault | None = None) -> Trade:
        """The buyer opens the payment page; a planted WRONG_AMOUNT makes the trade another one than was asked for."""
        if self._faults.take(Place.TRADE, out_trade_no, Fault.WRONG_AMOUNT) is not None:
            return self.trades.open(out_trade_no, amount_minor + MORE_MINOR, subject, Fault.WRONG_AMOUNT)
        return self.trades.open(out_trade_no, amount_minor, subject, fault)

    def pay(self, trade: Trade) -> None:
        """Raises NotPayable."""
        self.trades.pay(trade)
        self.post.announce(trade)

    def trades_of(self, out_trade_no: str) -> Sequence[Trade]:
        """All trades for one order, further payments included."""
        found = (self.trades.find(out_trade_no), self.trades.find(f"{out_trade_no}_2"))
        return [trade for trade in found if trade is not None]

    def shown(self) -> dict[str, object]:
        return {
            "trades": [trade.shown() for trade in self.trades],
            "notices": [notice.shown() for notice in self.post.sent],
            "refunds": [refund.shown() for refund in self.refunds],
            "calls": [call.shown() for call in self._gateway.calls],
        }


AnyProvider = Provider[Any]
