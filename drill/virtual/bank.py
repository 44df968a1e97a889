"""The side of a provider that pays back: a number moves money once, whoever asks for it how often."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from domain.money import Money
from domain.refund_leg import RefundOutcome
from drill.virtual.life import Life
from drill.virtual.matrix import Call, Fault, Message
from drill.virtual.steps import Crashed
from drill.virtual.wire import Calls, Unclear
from ports.clock import Clock
from ports.payments import RefundAnswer, RefundOrder, RefundQuestion, TradeAnswer

NOT_OPENED = (RefundOutcome.REFUSED, RefundOutcome.SHORT_OF_BALANCE)
MOVED = (RefundOutcome.DONE, RefundOutcome.PROCESSING)
SILENT = "bank"  # until then nobody is told what became of the next refund


@dataclass
class Entry:
    """A refund in the provider's book. `silent_until`: nobody is told of it before."""

    order: RefundOrder
    state: RefundOutcome
    done_at: datetime | None = None
    silent_until: datetime | None = None

    def done(self, now: datetime) -> None:
        self.state, self.done_at = RefundOutcome.DONE, now


@dataclass
class Bank:
    """`moved` is called once money is on its way; its notice follows, at once where that is said."""

    wire: Calls
    clock: Clock
    trades: dict[str, TradeAnswer]
    moved: Callable[[Life, Entry, bool], None]
    book: dict[str, Entry] = field(default_factory=dict)
    _overtaken: set[str] = field(default_factory=set)

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        """An answer that was lost is no outage: nobody knows whether money moved."""
        life = self.wire.lives.of_trade(order.out_trade_no)
        about = (order.out_refund_no, order.transaction_id, _parameters(order))
        try:
            answer = await self.wire.through(Call.PAY_BACK, life, about, lambda: self._refund(life, order))
        except Unclear:
            answer = RefundAnswer(RefundOutcome.UNKNOWN)
        if order.out_refund_no in self._overtaken:
            self._overtaken.remove(order.out_refund_no)
            raise Crashed
        return answer

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        life, number = self.wire.lives.of_trade(question.out_trade_no), question.out_refund_no
        about = (number, question.transaction_id, number)
        return await self.wire.through(Call.PAID_BACK, life, about, lambda: self._asked_about(number))

    def paid_back(self, number: str) -> Money | None:
        """A provider may tell of it while his answers still say that it is under way."""
        known = self.book.get(number)
        return known.order.amount if known is not None and known.done_at is not None else None

    async def _asked_about(self, number: str) -> RefundAnswer:
        known = self.book.get(number)
        if known is not None and self._is_silent(known):
            return RefundAnswer(RefundOutcome.UNKNOWN)
        return RefundAnswer(RefundOutcome.NOT_FOUND) if known is None else _answer(known)

    async def _refund(self, life: Life, order: RefundOrder) -> RefundAnswer:
        known = self.book.get(order.out_refund_no)
        if known is not None and _parameters(known.order) != _parameters(order):
            return RefundAnswer(RefundOutcome.REFUSED, code="OTHER_PARAMETERS")
        if known is None:
            said = self._says(life, order)
            if said in NOT_OPENED:
                return RefundAnswer(said, code=said.upper())
            known = self.book[order.out_refund_no] = Entry(order, said, silent_until=life.away_until.pop(SILENT, None))
            self._moves(life, known)
        elif known.state is RefundOutcome.ABNORMAL:
            known.state = RefundOutcome.DONE
            self._moves(life, known)
        return RefundAnswer(RefundOutcome.UNKNOWN) if self._is_silent(known) else _answer(known)

    def _says(self, life: Life, order: RefundOrder) -> RefundOutcome:
        """What the story wants; but never more than the trade has left."""
        trade = self.trades.get(order.out_trade_no)
        of_trade = (each for each in self.book.values() if each.order.trade_no == order.trade_no)
        gone = sum(each.order.amount.amount_minor for each in of_trade if each.state in MOVED)
        paid = trade.amount.amount_minor if trade and trade.amount else 0
        if order.amount.amount_minor > paid - gone:
            return RefundOutcome.REFUSED
        if life.script:
            return life.script.pop(0)
        slow = life.is_struck(Fault.DELAY, Call.PAY_BACK)
        return RefundOutcome.PROCESSING if slow else RefundOutcome.DONE

    def _moves(self, life: Life, entry: Entry) -> None:
        """In some lives the notice is there before our answer: the worker dies with that, and hears before it asks on.

        The test server cannot end a workflow whose call is still to be answered: its time stands still for ever.
        """
        if entry.state not in MOVED:
            return
        if entry.state is RefundOutcome.DONE:
            entry.done(self.clock.now())
        can_be = entry.done_at is not None and entry.silent_until is None
        overtaken = can_be and life.is_struck(Fault.REORDER, Message.REFUNDED)
        if overtaken:
            self._overtaken.add(entry.order.out_refund_no)
        self.moved(life, entry, overtaken)

    def _is_silent(self, entry: Entry) -> bool:
        return entry.silent_until is not None and self.clock.now() < entry.silent_until


def _answer(entry: Entry) -> RefundAnswer:
    if entry.state is not RefundOutcome.DONE:
        return RefundAnswer(entry.state, code=entry.state.upper())
    number, amount = entry.order.out_refund_no, entry.order.amount
    return RefundAnswer(entry.state, f"R-{number}", amount, entry.done_at)


def _parameters(order: RefundOrder) -> object:
    return {name: value for name, value in asdict(order).items() if name != "transaction_id"}
