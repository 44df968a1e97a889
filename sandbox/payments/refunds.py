"""A provider's own book of refunds: one number moves money once, however often it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sandbox.crew import Crew
from sandbox.faults import OF_A_REFUND, Fault, FaultBook, Place
from sandbox.pace import Pace, now, shown
from sandbox.payments.trades import Trade, TradeBook, TradeState

REVERSED_AFTER = 300.0  # the world's seconds until the bank sends money back that was told as paid out


class RefundState(StrEnum):
    """Our words; each provider has its own for them."""

    PROCESSING = "processing"
    DONE = "done"
    ABNORMAL = "abnormal"  # the bank did not take it: the money stays with the provider
    CLOSED = "closed"  # nothing moved, and nothing will under this number


class Denial(StrEnum):
    """Why nothing happened."""

    NO_TRADE = "no trade of this number was paid"
    TOO_LATE = "the time for refunds is over"
    OTHER_PARAMETERS = "the number was used with other parameters"
    TOO_MUCH = "more than is left of what was paid"
    SHORT_OF_BALANCE = "the merchant's account is empty"
    TOO_SOON = "another refund of this trade was asked for a moment ago"


@dataclass
class Refund:
    """`times_asked`: how often it was asked for with these parameters. `settling`: its way to an end, if it has one."""

    refund_no: str
    out_refund_no: str
    trade: Trade
    amount_minor: int
    reason: str
    asked_at: datetime
    fault: Fault | None = None
    state: RefundState = RefundState.PROCESSING
    done_at: datetime | None = None
    times_asked: int = 0
    settling: asyncio.Task[None] | None = field(default=None, repr=False)

    def shown(self) -> dict[str, object]:
        return {
            "refund_no": self.refund_no,
            "out_refund_no": self.out_refund_no,
            "trade_no": self.trade.trade_no,
            "out_trade_no": self.trade.out_trade_no,
            "amount_minor": self.amount_minor,
            "currency": "CNY",
            "state": self.state,
            "asked_at": shown(self.asked_at),
            "done_at": shown(self.done_at),
            "times_asked": self.times_asked,
            "fault": self.fault,
        }


async def _tell_nobody(_: Refund) -> None:
    pass


class RefundBook:
    """`settled_after`: the world's seconds from a request to the money; zero is at once. `apart`: those from one refund
    of a trade to its next. `tell` sends a notice.
    """

    def __init__(
        self,
        trades: TradeBook,
        faults: FaultBook,
        pace: Pace,
        crew: Crew,
        *,
        settled_after: float = 0.0,
        apart: float = 0.0,
    ) -> None:
        self.tell: Callable[[Refund], Awaitable[None]] = _tell_nobody
        self._trades = trades
        self._faults = faults
        self._pace = pace
        self._crew = crew
        self._settled_after = settled_after
        self._apart = timedelta(seconds=pace.real(apart))
        self._refunds: dict[str, Refund] = {}

    def __iter__(self) -> Iterator[Refund]:
        return iter(self._refunds.values())

    def find(self, out_refund_no: str) -> Refund | None:
        return self._refunds.get(out_refund_no)

    def ask(self, trade: Trade | None, out_refund_no: str, amount_minor: int, reason: str) -> Refund | Denial:
        """A number that is known has its refund told again, whatever became of it."""
        if trade is None or trade.paid_at is None:
            return Denial.NO_TRADE
        known = self._refunds.get(out_refund_no)
        if known is not None and (known.trade, known.amount_minor, known.reason) != (trade, amount_minor, reason):
            return Denial.OTHER_PARAMETERS
        refund = known or self._opened(trade, out_refund_no, amount_minor, reason)
        if isinstance(refund, Refund):
            refund.times_asked += 1
        return refund

    def _opened(self, trade: Trade, out_refund_no: str, amount_minor: int, reason: str) -> Refund | Denial:
        under_way = (each for each in self if each.trade is trade and each.state is RefundState.PROCESSING)
        left = trade.amount_minor - trade.refunded_minor - sum(each.amount_minor for each in under_way)
        if trade.state is TradeState.FINISHED:
            return Denial.TOO_LATE
        if any(each.trade is trade and now() - each.asked_at < self._apart for each in self):
            return Denial.TOO_SOON
        if not 0 < amount_minor <= left:
            return Denial.TOO_MUCH
        planted = self._faults.take(Place.REFUND, trade.out_trade_no, *OF_A_REFUND)
        if planted is not None and planted.fault is Fault.SHORT_OF_BALANCE:
            return Denial.SHORT_OF_BALANCE
        fault = None if planted is None else planted.fault
        number = self._trades.number("refund")
        refund = Refund(number, out_refund_no, trade, amount_minor, reason, now(), fault)
        self._refunds[out_refund_no] = refund
        after = planted.seconds if planted and fault is Fault.REFUND_SILENT else self._settled_after
        if after or fault is Fault.NOTICE_FIRST:
            refund.settling = self._crew.start(self._settle(refund, after))
        else:
            self._pay_out(refund)
        return refund

    async def told_first(self, out_refund_no: str) -> None:
        """Where the notice is to overtake the answer, comes back once it is out."""
        found = self.find(out_refund_no)
        if found is not None and found.fault is Fault.NOTICE_FIRST and found.settling is not None:
            await asyncio.wait([found.settling])

    async def _settle(self, refund: Refund, after: float) -> None:
        await self._pace.pause(after)
        if refund.fault is Fault.REFUND_CLOSED:
            refund.state = RefundState.CLOSED
        else:
            self._pay_out(refund)
        await self.tell(refund)
        if refund.fault is Fault.REFUND_REVERSED:
            await self._pace.pause(REVERSED_AFTER)
            refund.state = RefundState.ABNORMAL
            await self.tell(refund)

    def _pay_out(self, refund: Refund) -> None:
        refund.state, refund.done_at = RefundState.DONE, now()
        refund.trade.refund(refund.amount_minor, refund.out_refund_no)
