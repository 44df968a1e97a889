"""The release gate between paid and push: every hold is a row of this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from domain.axis import Fulfilment, Payment
from domain.backorder import allot
from domain.case import HANDLING, Cause, NewCase
from domain.order import Cancellation, Change, HoldReason, Kind, Order

SUPPORTED_KINDS = (Kind.STANDARD, Kind.PRESALE)


@dataclass(frozen=True)
class Hold:
    """`why` gives the sentence that a person reads, or nothing when the order may pass."""

    reason: HoldReason
    cause: Cause
    why: Callable[[Order], str | None]


def _unmatched(order: Order) -> str | None:
    return f"lines {', '.join(order.unmatched)} have no own sku" if order.unmatched else None


def _address(order: Order) -> str | None:
    return f"the recipient lacks {', '.join(order.address_gaps)}" if order.address_gaps else None


def _kind(order: Order) -> str | None:
    return None if order.kind in SUPPORTED_KINDS else f"orders of kind {order.kind} are not handled here yet"


HOLDS = (
    Hold(HoldReason.UNMATCHED_SKU, Cause.UNMATCHED_SKU, _unmatched),
    Hold(HoldReason.ADDRESS_INCOMPLETE, Cause.ADDRESS_INCOMPLETE, _address),
    Hold(HoldReason.UNSUPPORTED_KIND, Cause.UNSUPPORTED_KIND, _kind),
)


def review(order: Order) -> Change:
    """The order with the holds that stand now, each with its case. No holds: straight through."""
    standing = [(hold, sentence) for hold in HOLDS if (sentence := hold.why(order)) is not None]
    cases = tuple(NewCase(hold.cause, str(order.id), sentence) for hold, sentence in standing)
    return Change(replace(order, holds=tuple(hold.reason for hold, _ in standing)), cases=cases)


def wants_its_goods(order: Order) -> bool:
    """Paid in full, and nobody cancelled it: from now on its goods are due."""
    wanted = order.cancellation is Cancellation.NONE and order.fulfilment is Fulfilment.WAITING
    return wanted and order.payment is Payment.PAID


def prepare(order: Order, free: Mapping[str, int]) -> Change:
    """What is free is reserved, and the gate is looked at: a person sees at once all that stands in the way."""
    allotted = allot(order, free)
    return allotted.then(review(allotted.order))


def moot(cause: Cause, order: Order) -> bool:
    """Whether the order has passed what a waiting case of this cause was about; such a case settles itself."""
    if order.finished:
        return HANDLING[cause].waits
    hold = next((each for each in HOLDS if each.cause is cause), None)
    if hold is not None:
        return hold.reason not in order.holds
    passed = {
        Cause.MESSAGE_WITHOUT_ORDER: True,
        Cause.TRADE_REFUNDED: order.payment is Payment.PAID,
        Cause.PROVIDER_SILENT: order.payment is Payment.PAID,
        # A line that was mapped late may be short after the others were reserved.
        Cause.OUT_OF_STOCK: not order.awaits_push,
        Cause.PUSH_FAILED: not order.awaits_push,
        Cause.PUSH_REFUSED: not order.awaits_push,
        Cause.STOP_FAILED: order.cancellation is Cancellation.TOO_LATE,
    }
    return passed.get(cause, False)
