"""Everything that tells us something: sends it again until it is taken, in copies, late or in the wrong order."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.payment import Capture
from domain.returns import ReturnedGoods
from domain.shipment import Parcel
from drill.virtual.edge import FINAL, Delivery, Edge
from drill.virtual.life import Life
from drill.virtual.matrix import Fault, Message
from drill.virtual.stage_time import StageTime
from ports.refunds import RefundView

RETRY_AFTER_MINUTES = (1, 2, 4, 8, 16, 30, 60, 120, 240, 480)
COPIES = (2, 3)
TAKEN = range(200, 300)
ANSWERED = (Message.REFUND, Message.DECISION, Message.WAYBILL, Message.ASSESSMENT)
AT_ONCE_SECONDS, MEANWHILE_SECONDS = 0.5, 0.1  # real ones


class NeverTaken(Exception):
    """The sender gave up: we refused a message that is genuine."""


@dataclass
class Letter:
    """One message with all attempts to deliver it."""

    message: Message
    life: Life
    facts: Mapping[str, Any]
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        return any(each.status in TAKEN or each.answer in FINAL for each in self.deliveries)

    @property
    def body(self) -> bytes:
        return json.dumps(self.facts).encode()


class Post:
    """`letters` are the senders' own books."""

    def __init__(self, edge: Edge, time: StageTime) -> None:
        self.letters: list[Letter] = []
        self.settled_with: list[tuple[Life, Capture]] = []
        self._edge = edge
        self._time = time

    async def send(self, letter: Letter) -> None:
        """Until it is taken."""
        self.letters.append(letter)
        copies = letter.life.rng.choice(COPIES) if letter.life.is_struck(Fault.DUPLICATE, letter.message) else 1
        await self._attempts(letter, copies)
        for pause in RETRY_AFTER_MINUTES:
            if letter.is_taken:
                return
            await self._time.passes(minutes=pause)
            await self._attempts(letter, 1)
        if not letter.is_taken:
            raise NeverTaken(f"{letter.message} of {letter.life.order_id}: {letter.deliveries[-1]}")

    async def settled(self, life: Life, capture: Capture) -> None:
        """A marketplace owes us for an order."""
        self.settled_with.append((life, capture))
        await self._edge.settled(life, capture)

    async def _attempts(self, letter: Letter, copies: int) -> None:
        """Who asks for a refund or decides on it waits for its workflow, which may need time to pass."""
        attempts = [asyncio.create_task(self._way(letter)()) for _ in range(copies)]
        _, slow = await asyncio.wait(attempts, timeout=AT_ONCE_SECONDS if letter.message in ANSWERED else None)
        while slow:
            await self._time.passes(minutes=1)
            _, slow = await asyncio.wait(attempts, timeout=MEANWHILE_SECONDS)
        letter.deliveries.extend(each.result() for each in attempts)

    def _way(self, letter: Letter) -> Callable[[], Coroutine[Any, Any, Delivery]]:
        life, facts = letter.life, dict(letter.facts)
        return {
            Message.NOTICE: lambda: self._edge.notice(life, letter.body),
            Message.PARCEL: lambda: self._edge.parcel(life, letter.body),
            Message.ORDER: lambda: self._edge.order(life, facts),
            Message.CANCEL: lambda: self._edge.cancel(life, facts["reason"]),
            Message.RECIPIENT: lambda: self._edge.recipient(life, facts),
            Message.REFUND: lambda: self._edge.refund(life, facts),
            Message.DECISION: lambda: self._edge.said(life, letter.message, facts),
            Message.WAYBILL: lambda: self._edge.said(life, letter.message, facts),
            Message.ASSESSMENT: lambda: self._edge.said(life, letter.message, facts),
            Message.CAME_BACK: lambda: self._edge.parcel(life, letter.body, letter.message),
            Message.AFTER_SALE: lambda: self._edge.after_sale(life, letter.body),
            Message.REFUNDED: lambda: self._edge.notice(life, letter.body, Message.REFUNDED),
        }[letter.message]


def notice(life: Life, capture: Capture, out_trade_no: str) -> Letter:
    facts = {
        "notice_id": f"N-{out_trade_no}",
        "trade_no": capture.trade_no,
        "out_trade_no": out_trade_no,
        "amount_minor": capture.amount.amount_minor,
        "paid_at": capture.paid_at.isoformat(),
    }
    return Letter(Message.NOTICE, life, facts)


def parcel_event(life: Life, reference: str, parcel: Parcel, kind: str, occurred_at: datetime | None) -> Letter:
    assert occurred_at is not None
    facts = {
        "id": f"{kind}-{parcel.parcel_no}",
        "type": f"parcel.{kind}",
        "reference": reference,
        "parcel_no": parcel.parcel_no,
        "carrier": parcel.carrier,
        "waybill_no": parcel.waybill_no,
        "lines": {each.line_id: each.quantity for each in parcel.contents},
        "occurred_at": occurred_at.isoformat(),
    }
    return Letter(Message.PARCEL, life, facts)


def signature(life: Life, refund: RefundView) -> Letter:
    """Of whose turn it is."""
    assert refund.approval is not None
    task, version = refund.approval.open_tasks[0], refund.approval.version
    said = {"refund": refund.refund_id, "verb": "approve", "by": task.signer, "version": version, "task": task.task_id}
    return Letter(Message.DECISION, life, said)


def return_event(life: Life, reference: str, found: Sequence[ReturnedGoods], occurred_at: datetime) -> Letter:
    lines = [{"line_id": each.line_id, "good": each.good, "damaged": each.damaged} for each in found]
    facts = {
        "id": f"back-{reference}",
        "type": "return.received",
        "reference": reference,
        "lines": lines,
        "occurred_at": occurred_at.isoformat(),
    }
    return Letter(Message.CAME_BACK, life, facts)
