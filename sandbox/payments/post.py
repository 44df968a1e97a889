"""Which notices a payment calls for, honest and planted ones, and the sending of them."""

import asyncio
from typing import Generic

from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import Fault, FaultBook, Place, Planted
from sandbox.payments.notices import REFUNDS, AnyNotice, Desk
from sandbox.payments.trades import Trade, TradeBook

REPEAT_AFTER = 45.0  # the world's seconds until a notice that was taken comes once more
IMPOSTOR_AFTER = 20.0  # the world's seconds until a planted notice follows the payment

SENDING = (Fault.DUPLICATE, Fault.REPEATED, Fault.DELAY, Fault.DUPLICATE_OTHER_ID)
TOLD = (Fault.WRONG_AMOUNT, Fault.EARLY_NOTICE, Fault.DOUBLE_PAYMENT)  # faults of a trade that its notice is named by
ANNOUNCING = (Fault.NO_NOTICE, *SENDING, *REFUNDS, Fault.OTHER_CONTENT)


class NoticePost(Generic[AnyNotice]):
    def __init__(
        self, desk: Desk[AnyNotice], trades: TradeBook, faults: FaultBook, courier: Courier, crew: Crew
    ) -> None:
        self.sent: list[AnyNotice] = []
        self._desk = desk
        self._trades = trades
        self._faults = faults
        self._courier = courier
        self._crew = crew

    def announce(self, trade: Trade) -> None:
        """Tell of a payment, with every fault that was planted for this trade."""
        planted = self._planted(trade.out_trade_no)
        genuine = None if Fault.NO_NOTICE in planted else self._genuine(trade, planted)
        for fault in self._desk.impostors:
            if fault in planted:
                self._crew.start(self._deliver(self._write(trade, fault), after=IMPOSTOR_AFTER))
        if genuine is not None and Fault.OTHER_CONTENT in planted:
            altered = self._write(trade, Fault.OTHER_CONTENT, genuine.notify_id)
            self._crew.start(self._follow(genuine, altered))
        for fault in REFUNDS:
            if fault in planted:
                self._crew.start(self._give_back(trade, genuine, fault))

    def send(self, trade: Trade, fault: Fault | None = None) -> AnyNotice:
        """One notice about a trade, now."""
        if fault in REFUNDS:
            self._trades.refund_part(trade)
        if fault is Fault.FINISHED_AFTER_REFUND:
            self._trades.finish(trade)
        notice = self._write(trade, fault)
        self._crew.start(self._deliver(notice))
        return notice

    async def tell(self, notice: AnyNotice) -> None:
        """A notice that is written already; over once its first attempt was answered and it needs no further one."""
        self.sent.append(notice)
        await self._deliver(notice)

    def _planted(self, out_trade_no: str) -> dict[Fault, Planted]:
        possible = (*ANNOUNCING, *self._desk.impostors)
        found = {fault: self._faults.take(Place.TRADE, out_trade_no, fault) for fault in possible}
        return {fault: planted for fault, planted in found.items() if planted is not None}

    def _genuine(self, trade: Trade, planted: dict[Fault, Planted]) -> AnyNotice:
        sending = next((fault for fault in SENDING if fault in planted), None)
        label = trade.fault if trade.fault in TOLD else sending
        notice = self._write(trade, label)
        self._crew.start(self._deliver_oddly(notice, planted))
        if (twins := planted.get(Fault.DUPLICATE_OTHER_ID)) is not None:
            for _ in range(twins.copies - 1):
                self._crew.start(self._deliver(self._write(trade, Fault.DUPLICATE_OTHER_ID)))
        return notice

    def _write(self, trade: Trade, fault: Fault | None, notify_id: str | None = None) -> AnyNotice:
        notice = self._desk.write(trade, fault, notify_id)
        self.sent.append(notice)
        return notice

    async def _deliver(self, notice: AnyNotice, *, after: float = 0.0, copies: int = 1) -> None:
        await self._courier.pace.pause(after)
        pauses = self._desk.retry_after
        taken = await self._courier.deliver(notice, lambda: self._desk.envelope(notice), pauses, copies)
        notice.is_given_up = not taken
        notice.over.set()

    async def _deliver_oddly(self, notice: AnyNotice, planted: dict[Fault, Planted]) -> None:
        if (delay := planted.get(Fault.DELAY)) is not None:
            await asyncio.sleep(delay.seconds)
        duplicate = planted.get(Fault.DUPLICATE)
        await self._deliver(notice, copies=duplicate.copies if duplicate else 1)
        repeated = planted.get(Fault.REPEATED)
        for _ in range(repeated.copies - 1 if repeated else 0):
            await self._courier.pace.pause(REPEAT_AFTER)
            await self._courier.attempt(notice, self._desk.envelope(notice))

    async def _follow(self, first: AnyNotice, second: AnyNotice) -> None:
        await first.over.wait()
        await self._deliver(second)

    async def _give_back(self, trade: Trade, genuine: AnyNotice | None, fault: Fault) -> None:
        """Money goes back once the payment itself is told; FINISHED_AFTER_REFUND tells of both steps."""
        if genuine is not None:
            await genuine.over.wait()
        await self._deliver(self._refunded(trade, Fault.PARTIAL_REFUND))
        if fault is Fault.FINISHED_AFTER_REFUND:
            self._trades.finish(trade)
            await self._deliver(self._write(trade, fault))

    def _refunded(self, trade: Trade, fault: Fault) -> AnyNotice:
        self._trades.refund_part(trade)
        return self._write(trade, fault)
