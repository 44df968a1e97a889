"""Which goods a request for a refund is about: those that have left, or those that are to be stopped first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from domain.axis import NOT_PUSHED, Fulfilment, Payment
from domain.errors import RefundImpossible
from domain.order import Order
from domain.refund_money import Quote, RefundRequest, ceiling
from domain.stopping import to_come

STILL_IN_THE_HOUSE = (*NOT_PUSHED, Fulfilment.PUSHED)


def must_be_stopped(order: Order, before: Sequence[Quote], stopping: Sequence[Quote], request: RefundRequest) -> bool:
    """Whether what is asked for has not left. `before` counts against what has, `stopping` is about to be stopped.

    Raises RefundImpossible for what is neither the one nor the other.
    """
    asked = {each.line_id: each.quantity for each in request.units}
    left = ceiling(order, before).units
    about = Counter({each.line_id: each.quantity for quote in stopping for each in quote.lines})
    house = {line.line_id: to_come(order, line) - about[line.line_id] for line in order.lines}
    if not asked and not order.finished and order.fulfilment in STILL_IN_THE_HOUSE:
        raise RefundImpossible("the goods have not left: name the units that are not to leave, or cancel the order")
    beyond = [line_id for line_id in asked if asked[line_id] > left.get(line_id, 0)]
    if not beyond:
        return False
    if all(count <= house.get(line_id, 0) for line_id, count in asked.items()):
        _check_stop(order, request, asked)
        return True
    for line_id in beyond:
        gone, here = max(left.get(line_id, 0), 0), house.get(line_id, 0)
        if gone and here > 0 and asked[line_id] <= gone + here:
            detail = f"line {line_id}: {gone} have left and {here} have not"
            raise RefundImpossible(f"{detail}: ask for each in a request of its own")
    return False  # the ceilings say how much is too much


def _check_stop(order: Order, request: RefundRequest, asked: dict[str, int]) -> None:
    everything = not order.parcels and all(
        asked.get(line.line_id, 0) == line.quantity for line in order.lines if line.gift_of is None
    )
    if order.payment is not Payment.PAID:
        raise RefundImpossible("the order is not paid in full: cancel it; what was paid is then due back")
    if request.adjustments:
        raise RefundImpossible("the goods have not left: ask for them alone, and for goodwill once the rest arrived")
    if request.shipping is not None and request.shipping.amount_minor and not everything:
        raise RefundImpossible("freight goes back where nothing of the order leaves: ask for the units alone")
    if not everything and (strange := sorted(set(order.unmatched) & set(asked))):
        raise RefundImpossible(f"lines {', '.join(strange)} have no own sku yet: map them, or cancel the order")
