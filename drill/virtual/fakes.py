"""The outside as workflows' tests see it: a provider, a warehouse and a shop with small ledgers of their own.

They do what they are told at once; a test scripts what goes wrong, and reads here what really happened outside.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.money import Money
from domain.payment import Capture
from domain.reference import TradeReference
from domain.refund_leg import RefundOutcome
from ports.channels import ShopLevel
from ports.clock import Clock
from ports.errors import Unavailable
from ports.messages import RawAnswer, RawMessage
from ports.payments import (
    CloseAnswer,
    CloseOutcome,
    PaymentNotice,
    RefundAnswer,
    RefundOrder,
    RefundQuestion,
    TradeAnswer,
    TradeQuestion,
    TradeState,
)
from ports.warehouse import (
    ExpectedReturn,
    HoldAnswer,
    ParcelEvent,
    PushAnswer,
    PushOutcome,
    PushRequest,
    ReturnEvent,
    StockLevel,
    StopAnswer,
    StopOutcome,
)


@dataclass(frozen=True)
class Call:
    """One call as it reached the outside, answered or not."""

    verb: str
    subject: str
    transaction_id: str
    at: datetime


def _nothing() -> None:
    pass


@dataclass
class FakeProvider:
    """`silent`: no call is answered. `before_close` runs when a close arrives, such as a buyer who is faster.

    `refund_script`: what is heard of the next refunds; then they succeed. `refunded`: what really went back, by number.
    """

    clock: Clock
    name: str = "alipay"
    silent: bool = False
    before_close: Callable[[], object] = _nothing
    trades: dict[str, TradeAnswer] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    refund_script: list[RefundOutcome] = field(default_factory=list)
    refunded: dict[str, RefundOrder] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def pay(self, out_trade_no: str, amount: Money) -> Capture:
        """The buyer pays; what a notice of it would say."""
        trade_no = f"T-{out_trade_no}"
        paid_at = self.clock.now()
        self.trades[out_trade_no] = TradeAnswer(TradeState.PAID, trade_no, amount, paid_at)
        return Capture(self.name, "main", trade_no, TradeReference.parse(out_trade_no).part, amount, paid_at)

    def asked(self, verb: str = "query") -> list[datetime]:
        return [call.at for call in self.calls if call.verb == verb]

    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        self._called("query", question)
        return self.trades.get(question.out_trade_no, TradeAnswer(TradeState.NOT_FOUND))

    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        self._called("close", question)
        self.before_close()
        if question.out_trade_no in self.trades:
            return CloseAnswer(CloseOutcome.ALREADY_PAID)
        if question.out_trade_no not in self.closed:
            self.closed.append(question.out_trade_no)
        return CloseAnswer(CloseOutcome.CLOSED)

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        """Money moves once per number; then the script says what of it is heard."""
        self.calls.append(Call("refund", order.out_refund_no, order.transaction_id, self.clock.now()))
        said = self.refund_script.pop(0) if self.refund_script else RefundOutcome.DONE
        if said in (RefundOutcome.DONE, RefundOutcome.UNKNOWN):
            self.refunded.setdefault(order.out_refund_no, order)
        return self._refund_answer(said, order.out_refund_no)

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        self.calls.append(Call("query_refund", question.out_refund_no, question.transaction_id, self.clock.now()))
        if self.silent:
            return RefundAnswer(RefundOutcome.UNKNOWN)
        known = question.out_refund_no in self.refunded
        return self._refund_answer(RefundOutcome.DONE if known else RefundOutcome.NOT_FOUND, question.out_refund_no)

    def _refund_answer(self, said: RefundOutcome, number: str) -> RefundAnswer:
        if said is not RefundOutcome.DONE:
            return RefundAnswer(said, code=said.upper())
        return RefundAnswer(said, f"R-{number}", self.refunded[number].amount, self.clock.now())

    def _called(self, verb: str, question: TradeQuestion) -> None:
        self.calls.append(Call(verb, question.out_trade_no, question.transaction_id, self.clock.now()))
        if self.silent:
            raise Unavailable("alipay gave no answer")

    def read_notice(self, message: RawMessage) -> PaymentNotice:
        raise NotImplementedError

    def answer(self, *, accepted: bool) -> RawAnswer:
        raise NotImplementedError


@dataclass
class FakeWarehouse:
    """`answers` closed: orders are taken, but their answers stay on the wire until it is opened.

    `outbound`: reference -> what it was last asked to ship; `accepted` counts what was taken for the first time.
    """

    clock: Clock
    silent: bool = False
    refusal: str = ""
    gone: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    outbound: dict[str, PushRequest] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    returns: dict[str, ExpectedReturn] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def asked(self, verb: str = "push") -> list[datetime]:
        return [call.at for call in self.calls if call.verb == verb]

    async def push(self, request: PushRequest) -> PushAnswer:
        self._called("push", request.reference, request.transaction_id)
        answer = self._taken(request)
        await self.answers.wait()
        return answer

    def _taken(self, request: PushRequest) -> PushAnswer:
        if request.reference in self.stopped:
            return PushAnswer(PushOutcome.STOPPED, reason="stopped")
        if self.refusal:
            return PushAnswer(PushOutcome.REFUSED, reason=self.refusal)
        if request.reference not in self.outbound:
            self.accepted.append(request.reference)
        self.outbound[request.reference] = request
        return PushAnswer(PushOutcome.ACCEPTED, outbound_no=f"OUT-{request.reference}")

    async def stop(self, reference: str, transaction_id: str) -> StopAnswer:
        self._called("stop", reference, transaction_id)
        if reference in self.gone:
            return StopAnswer(StopOutcome.TOO_LATE)
        self.stopped.add(reference)
        return StopAnswer(StopOutcome.STOPPED)

    async def expect_return(self, request: ExpectedReturn) -> None:
        self._called("expect_return", request.reference, request.transaction_id)
        self.returns[request.reference] = request

    def _called(self, verb: str, reference: str, transaction_id: str) -> None:
        self.calls.append(Call(verb, reference, transaction_id, self.clock.now()))
        if self.silent:
            raise Unavailable("the warehouse gave no answer")

    async def hold(self, reference: str, transaction_id: str) -> HoldAnswer:
        raise NotImplementedError

    async def resume(self, reference: str, transaction_id: str) -> HoldAnswer:
        raise NotImplementedError

    async def stock(self, skus: tuple[str, ...]) -> tuple[StockLevel, ...]:
        raise NotImplementedError

    def read_event(self, message: RawMessage) -> ParcelEvent | ReturnEvent:
        raise NotImplementedError


@dataclass
class FakeShop:
    """`answers` closed: levels are taken, but their answers stay on the wire until it is opened."""

    silent: bool = False
    shown: dict[str, int] = field(default_factory=dict)
    messages: list[tuple[ShopLevel, ...]] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    async def push_levels(self, levels: tuple[ShopLevel, ...]) -> None:
        self.messages.append(levels)
        if self.silent:
            raise Unavailable("the shop gave no answer")
        self.shown |= {each.platform_sku: each.available for each in levels}
        await self.answers.wait()

    def heard(self) -> list[dict[str, int]]:
        """What each message since the last look said, whether it was taken or not."""
        told = [{each.platform_sku: each.available for each in levels} for levels in self.messages]
        self.messages.clear()
        return told
