"""A notice as any provider sends it: what it is about, what became of it, and what its receiver should make of it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from sandbox.courier import Delivery, Envelope
from sandbox.faults import Fault
from sandbox.payments.trades import Trade

MORE_MINOR = 100  # by how much an altered amount differs


class Expected(StrEnum):
    """What the receiver should make of a notice: believe it, refuse it, find nothing to do, put it aside."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


REFUSED_BECAUSE = {
    Fault.FORGED_SIGNATURE: "signature",
    Fault.SIGN_TEST: "signature",
    Fault.STALE_NOTICE: "stale",
    Fault.FOREIGN_APP: "app",
    Fault.OTHER_SELLER: "seller",
    Fault.OTHER_CURRENCY: "currency",
}
REFUNDS = (Fault.PARTIAL_REFUND, Fault.FINISHED_AFTER_REFUND)


@dataclass
class Notice(ABC):
    """`amount_minor` is what the notice claims. All of its deliveries carry the same `notify_id`.

    `over` is set once the sender stops: the notice was taken or given up.
    """

    notify_id: str
    trade_no: str
    out_trade_no: str
    amount_minor: int
    fault: Fault | None
    deliveries: list[Delivery] = field(default_factory=list, init=False)
    is_given_up: bool = field(default=False, init=False)
    over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @abstractmethod
    def is_taken(self, delivery: Delivery) -> bool:
        """Does this answer stop the sender?"""

    @property
    def known_as(self) -> str:
        """By which its receiver can know it."""
        return self.notify_id

    @property
    def expected(self) -> Expected:
        if self.fault in REFUSED_BECAUSE:
            return Expected.REFUSED
        if self.fault in REFUNDS:
            return Expected.IGNORED
        return Expected.QUARANTINED if self.fault is Fault.OTHER_CONTENT else Expected.ACCEPTED

    @property
    def has_success(self) -> bool:
        return any(self.is_taken(delivery) for delivery in self.deliveries)

    @property
    def is_settled(self) -> bool:
        """Nothing more is to be learned from waiting: it was taken, or rightly not taken, or given up."""
        if self.expected in {Expected.REFUSED, Expected.QUARANTINED}:
            return any(delivery.status is not None for delivery in self.deliveries)
        return self.has_success or self.is_given_up

    def shown(self) -> dict[str, object]:
        return {
            "notify_id": self.known_as,
            "trade_no": self.trade_no,
            "out_trade_no": self.out_trade_no,
            "fault": self.fault,
            "expected": self.expected,
            "expected_reason": REFUSED_BECAUSE.get(self.fault) if self.fault else None,
            "amount_minor": self.amount_minor,
            "deliveries": [delivery.shown() for delivery in self.deliveries],
        }


AnyNotice = TypeVar("AnyNotice", bound=Notice)


class Desk(Protocol[AnyNotice]):
    """Where one provider writes its notices. `retry_after`: pauses in the world's seconds until it gives up."""

    retry_after: Sequence[float]
    impostors: Sequence[Fault]

    def write(self, trade: Trade, fault: Fault | None = None, notify_id: str | None = None) -> AnyNotice: ...

    def envelope(self, notice: AnyNotice) -> Envelope:
        """Written and signed anew for each delivery."""
