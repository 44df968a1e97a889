"""The provider and the warehouse of the drill: fakes that misbehave as planned, and keep books of what happened."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from domain.money import Money
from domain.payment import Capture
from domain.refund_leg import RefundOutcome
from domain.returns import ReturnedGoods
from domain.shipment import Parcel, ParcelContent
from drill.virtual.bank import Bank
from drill.virtual.fakes import FakeProvider, FakeWarehouse
from drill.virtual.matrix import Call
from drill.virtual.teller import Teller
from drill.virtual.wire import Calls
from ports.messages import RawAnswer, RawMessage
from ports.payments import (
    CloseAnswer,
    CloseOutcome,
    NoticeKind,
    PaymentNotice,
    RefundAnswer,
    RefundFact,
    RefundOrder,
    RefundQuestion,
    TradeAnswer,
    TradeQuestion,
)
from ports.warehouse import (
    ExpectedReturn,
    ParcelEvent,
    ParcelEventKind,
    ParcelLine,
    PushAnswer,
    PushOutcome,
    PushRequest,
    ReturnEvent,
    StopAnswer,
)

Answer = TypeVar("Answer")


@dataclass
class Provider(FakeProvider):
    """`paying_at_close`: buyers who pay while the close of their trade arrives."""

    wire: Calls = field(kw_only=True)
    teller: Callable[[], Teller] = field(kw_only=True)
    bank: Bank = field(init=False)
    opened: set[str] = field(default_factory=set)
    paying_at_close: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bank = Bank(
            self.wire,
            self.clock,
            self.trades,
            moved=lambda life, entry, at_once: self.teller().moved(life, entry, at_once=at_once),
        )

    def pay(self, out_trade_no: str, amount: Money) -> Capture:
        capture = super().pay(out_trade_no, amount)
        self.opened.add(out_trade_no)
        self.wire.lives.of_trade(out_trade_no).capture(capture.trade_no)
        return capture

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        return await self.bank.refund(order)

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        return await self.bank.query_refund(question)

    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        return await self._through(Call.QUERY, question, super().query_trade)

    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        paying = self.paying_at_close.pop(question.out_trade_no, None)
        if paying is not None:
            paying()
        return await self._through(Call.CLOSE, question, self._close)

    async def _close(self, question: TradeQuestion) -> CloseAnswer:
        """What nobody opened cannot be closed: the buyer may still pay it."""
        if question.out_trade_no not in self.opened:
            return CloseAnswer(CloseOutcome.NOTHING_TO_CLOSE)
        return await super().close_trade(question)

    async def _through(
        self, call: Call, question: TradeQuestion, act: Callable[[TradeQuestion], Awaitable[Answer]]
    ) -> Answer:
        number = question.out_trade_no
        about = (number, question.transaction_id, number)
        return await self.wire.through(call, self.wire.lives.of_trade(number), about, lambda: act(question))

    def read_notice(self, message: RawMessage) -> PaymentNotice:
        content = json.loads(message.body)
        said = content.get("refund")
        return PaymentNotice(
            self.name,
            "main",
            content["notice_id"],
            NoticeKind.REFUND if said else NoticeKind.CAPTURED,
            content["trade_no"],
            content["out_trade_no"],
            Money(content["amount_minor"]),
            said["outcome"].upper() if said else "TRADE_SUCCESS",
            None if said else datetime.fromisoformat(content["paid_at"]),
            _refund_fact(said) if said else None,
        )

    def answer(self, *, accepted: bool) -> RawAnswer:
        return RawAnswer(200, "text/plain", b"success") if accepted else RawAnswer(400, "text/plain", b"failure")


@dataclass
class Warehouse(FakeWarehouse):
    """`packs`, `comes_back`: what follows when an order, or a return, was taken for the first time.

    `refuses`: references it does not like yet. `found`: what came of each return.
    """

    wire: Calls = field(kw_only=True)
    packs: Callable[[str], None] = field(kw_only=True)
    comes_back: Callable[[ExpectedReturn], None] = field(kw_only=True)
    refuses: set[str] = field(default_factory=set)
    pushed_at: dict[str, datetime] = field(default_factory=dict)
    parcels: dict[str, list[Parcel]] = field(default_factory=dict)
    found: dict[str, Sequence[ReturnedGoods]] = field(default_factory=dict)

    async def push(self, request: PushRequest) -> PushAnswer:
        about = (request.reference, request.transaction_id, _parameters(request))
        life = self.wire.lives.of_reference(request.reference)
        return await self.wire.through(Call.PUSH, life, about, lambda: self._push(request))

    async def _push(self, request: PushRequest) -> PushAnswer:
        if request.reference in self.refuses:
            return PushAnswer(PushOutcome.REFUSED, reason="address_rejected")
        answer = await super().push(request)
        if answer.outcome is PushOutcome.ACCEPTED and request.reference not in self.pushed_at:
            self.pushed_at[request.reference] = self.clock.now()
            self.packs(request.reference)
        return answer

    async def stop(self, reference: str, transaction_id: str) -> StopAnswer:
        stop = super().stop
        about = (reference, transaction_id, reference)
        life = self.wire.lives.of_reference(reference)
        return await self.wire.through(Call.STOP, life, about, lambda: stop(reference, transaction_id))

    async def expect_return(self, request: ExpectedReturn) -> None:
        life = self.wire.lives.of_reference(request.order_reference)
        parameters = {**_parameters(request), "lines": [vars(each) for each in request.lines]}
        about = (request.reference, request.transaction_id, parameters)
        await self.wire.through(Call.EXPECT, life, about, lambda: self._expect(request))

    async def _expect(self, request: ExpectedReturn) -> None:
        known = request.reference in self.returns
        await super().expect_return(request)
        if not known:
            self.comes_back(request)

    def leave(self, reference: str, parcel_no: str, units: dict[str, int]) -> Parcel:
        """A parcel leaves; from here on it is too late to stop the order."""
        self.gone.add(reference)
        contents = tuple(ParcelContent(line_id, count) for line_id, count in units.items())
        parcel = Parcel(parcel_no, "sf", f"SF-{parcel_no}", contents, shipped_at=self.clock.now())
        self.parcels.setdefault(reference, []).append(parcel)
        return parcel

    def arrive(self, reference: str, parcel_no: str) -> Parcel:
        parcels = self.parcels[reference]
        place = next(number for number, parcel in enumerate(parcels) if parcel.parcel_no == parcel_no)
        parcels[place] = parcels[place].joined(Parcel(parcel_no, "", "", (), delivered_at=self.clock.now()))
        return parcels[place]

    def read_event(self, message: RawMessage) -> ParcelEvent | ReturnEvent:
        content = json.loads(message.body)
        at = datetime.fromisoformat(content["occurred_at"])
        if content["type"] == "return.received":
            goods = tuple(ReturnedGoods(**each) for each in content["lines"])
            return ReturnEvent(content["id"], content["reference"], goods, at)
        return ParcelEvent(
            content["id"],
            ParcelEventKind(content["type"]),
            content["reference"],
            content["parcel_no"],
            content["carrier"],
            content["waybill_no"],
            tuple(ParcelLine(line_id, count) for line_id, count in content["lines"].items()),
            at,
        )


def _parameters(request: PushRequest | ExpectedReturn) -> dict[str, Any]:
    return {name: value for name, value in asdict(request).items() if name != "transaction_id"}


def _refund_fact(said: Mapping[str, Any]) -> RefundFact:
    number = said["out_refund_no"]
    at = datetime.fromisoformat(said["at"])
    return RefundFact(number, RefundOutcome(said["outcome"]), f"R-{number}", Money(said["amount_minor"]), at)
