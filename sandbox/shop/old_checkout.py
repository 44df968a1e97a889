"""The merchant's checkout from before, without a guard: where it hears no answer, it charges the buyer again."""

import csv
import io

from sandbox.faults import Fault, FaultBook, Place, Planted
from sandbox.pace import Pace
from sandbox.payments.provider import AnyProvider
from sandbox.payments.trades import Trade
from sandbox.yuan import yuan

AGAIN_AFTER_SECONDS = 3
COLUMNS = ("provider", "account", "trade_no", "out_trade_no", "amount", "currency", "paid_at")


class OldCheckout:
    """Buyers are charged by standing agreement. Each attempt has a number of its own, so each one is another trade.

    The provider tells Lockstep of the first trade of an order; of further ones it tells this system alone.
    """

    def __init__(self, provider: AnyProvider, faults: FaultBook, pace: Pace, *, name: str, account: str) -> None:
        self._provider = provider
        self._faults = faults
        self._pace = pace
        self._name = name
        self._account = account
        self._booked: list[Trade] = []

    async def charge(self, out_trade_no: str, amount_minor: int, *, answers_cut: int = 0) -> None:
        """Until an answer arrives; the first ones are cut off on their way."""
        for attempt in range(1, answers_cut + 2):
            if attempt > 1:
                await self._pace.pause(AGAIN_AFTER_SECONDS)
            self._attempt(out_trade_no if attempt == 1 else f"{out_trade_no}_{attempt}", amount_minor, attempt)

    def _attempt(self, number: str, amount_minor: int, attempt: int) -> None:
        if attempt > 1:
            self._faults.plant(Planted(Place.TRADE, Fault.NO_NOTICE, number))
        trade = self._provider.open(number, amount_minor, "订单")
        self._provider.pay(trade)
        self._booked.append(trade)

    def bill(self) -> str:
        """All that it ever charged, as CSV."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(COLUMNS)
        for trade in self._booked:
            assert trade.paid_at is not None
            paid = (yuan(trade.amount_minor), "CNY", trade.paid_at.isoformat())
            rows.writerow((self._name, self._account, trade.trade_no, trade.out_trade_no, *paid))
        return text.getvalue()
