"""The provider and the warehouse of the drill: fakes that misbehave as planned, and keep books of what happened."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.money import Money
from domain.payment import Capture
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from drill.virtual.fakes import FakeProvider, FakeWarehouse
from drill.virtual.life import Deed, Life, Lives
from drill.virtual.matrix import Call, Fault
from ports.errors import Unavailable
from ports.messages import RawAnswer, RawMessage
from ports.payments import CloseAnswer, CloseOutcome, NoticeKind, PaymentNotice, TradeAnswer, TradeQuestion
from ports.warehouse import (
    ParcelEvent,
    ParcelEventKind,
    ParcelLine,
    PushAnswer,
    PushOutcome,
    PushRequest,
    StopAnswer,
)

Answer = TypeVar("Answer")
OUTAGES_MINUTES = (2, 15, 90, 150)
OVERTAKEN_WITHIN_SECONDS = 2.0  # real ones, in which the message must be heard before the call is answered after all
UNAVAILABLE, BROKEN = 503, 500


@dataclass(frozen=True)
class Booked:
    """A call in the books of the outside. `status` is what the caller could read, None: it was cut off."""

    call: Call
    subject: str
    key: str
    parameters_sha256: str
    at: datetime
    status: int | None


@dataclass
class Calls:
    """What happens on the wire around a call. `gives_up`: whether the order's workflow wants no answer any more."""

    lives: Lives
    now: Callable[[], datetime]
    start: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    gives_up: Callable[[OrderId], Awaitable[bool]]
    booked: list[Booked] = field(default_factory=list)

    async def through(
        self, call: Call, life: Life, about: tuple[str, str, object], act: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """`about`: subject, idempotency key, parameters. Raises Unavailable as planned, before or after the effect."""
        now, system = self.now(), call.partition(".")[0]
        if life.is_struck(Fault.OUTAGE, call):
            life.away_until[system] = now + timedelta(minutes=life.rng.choice(OUTAGES_MINUTES))
        if now < life.away_until.get(system, now):
            self._book(call, about, UNAVAILABLE)
            raise Unavailable(f"{system} is away")
        if life.is_struck(Fault.ERROR, call):
            self._book(call, about, BROKEN)
            raise Unavailable(f"{system} answered {BROKEN}")
        cut = life.is_struck(Fault.CUT, call)
        answer = await act()
        if call in life.overtakers and life.is_struck(Fault.DELAY, call):
            await self._overtaken(life, life.overtakers.pop(call))
        self._book(call, about, None if cut else 200)
        if cut:
            raise Unavailable(f"{system} hung up")
        return answer

    async def tell(self, deed: Deed) -> None:
        """A message goes out now; nobody waits for it longer than a moment."""
        await asyncio.wait([self.start(deed())], timeout=OVERTAKEN_WITHIN_SECONDS)

    async def _overtaken(self, life: Life, deed: Deed) -> None:
        """The answer waits until the message was heard.

        The test server cannot take an answer and the wish for none at the same time, as a real one can.
        """
        await self.tell(deed)
        with suppress(TimeoutError):
            async with asyncio.timeout(OVERTAKEN_WITHIN_SECONDS):
                while not await self.gives_up(life.order_id):  # noqa: ASYNC110 - it is the history that is watched
                    await asyncio.sleep(0.02)

    def _book(self, call: Call, about: tuple[str, str, object], status: int | None) -> None:
        subject, key, parameters = about
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        self.booked.append(Booked(call, subject, key, digest, self.now(), status))


@dataclass
class Provider(FakeProvider):
    """`paying_at_close`: buyers who pay while the close of their trade arrives."""

    wire: Calls = field(kw_only=True)
    opened: set[str] = field(default_factory=set)
    paying_at_close: dict[str, Callable[[], object]] = field(default_factory=dict)

    def pay(self, out_trade_no: str, amount: Money) -> Capture:
        capture = super().pay(out_trade_no, amount)
        self.opened.add(out_trade_no)
        self.wire.lives.of_trade(out_trade_no).capture(capture.trade_no)
        return capture

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
        return PaymentNotice(
            self.name,
            "main",
            content["notice_id"],
            NoticeKind.CAPTURED,
            content["trade_no"],
            content["out_trade_no"],
            Money(content["amount_minor"]),
            "TRADE_SUCCESS",
            datetime.fromisoformat(content["paid_at"]),
        )

    def answer(self, *, accepted: bool) -> RawAnswer:
        return RawAnswer(200, "text/plain", b"success") if accepted else RawAnswer(400, "text/plain", b"failure")


@dataclass
class Warehouse(FakeWarehouse):
    """`packs`: what follows when an order was taken for the first time. `refuses`: references it does not like yet."""

    wire: Calls = field(kw_only=True)
    packs: Callable[[str], None] = field(kw_only=True)
    refuses: set[str] = field(default_factory=set)
    pushed_at: dict[str, datetime] = field(default_factory=dict)
    parcels: dict[str, list[Parcel]] = field(default_factory=dict)

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

    def read_event(self, message: RawMessage) -> ParcelEvent:
        content = json.loads(message.body)
        return ParcelEvent(
            content["id"],
            ParcelEventKind(content["type"]),
            content["reference"],
            content["parcel_no"],
            content["carrier"],
            content["waybill_no"],
            tuple(ParcelLine(line_id, count) for line_id, count in content["lines"].items()),
            datetime.fromisoformat(content["occurred_at"]),
        )


def _parameters(request: PushRequest) -> object:
    return {name: value for name, value in asdict(request).items() if name != "transaction_id"}
