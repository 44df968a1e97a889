"""What of an order no refund may touch: its money is due back another way already, or its goods are still to come."""

from __future__ import annotations

from collections.abc import Iterator

from domain.axis import Fulfilment
from domain.line import Line
from domain.money import Money, total
from domain.order import Order
from domain.refund_money import Adjustment, LineBack, Quote, Share
from domain.shipment import carried
from domain.stock import Demand


def withheld(order: Order, *, to_come: bool = True) -> Quote:
    """As if it had been refunded before: of a stopped order everything, else what was dropped or is still `to_come`."""
    nothing = Money(0, order.shipping.currency)
    if order.fulfilment is Fulfilment.STOPPED:
        paid = total((each.amount for each in order.captures if each.matched), nothing.currency)
        return Quote((), (Adjustment(paid),), nothing)
    lines = (_line_withheld(order, line, to_come=to_come) for line in order.lines)
    return Quote(tuple(each for each in lines if each.quantity), (), nothing)


def _line_withheld(order: Order, line: Line, *, to_come: bool) -> LineBack:
    """A bundle's unit is whole only with all of its parts."""
    nothing = Money(0, line.cash.currency)
    parts = list(_parts(order, line, to_come=to_come))
    share = Share(nothing, nothing, nothing)
    if not parts:  # nobody mapped it, so none of it has left
        held = (line.quantity, line.cash) if to_come else (0, nothing)
        return LineBack(line.line_id, held[0], share, held[1])
    units = max(-(-gone * line.quantity // part.quantity) for part, gone in parts)
    cash = total((part.cash.allocate([part.quantity - gone, gone])[1] for part, gone in parts), nothing.currency)
    return LineBack(line.line_id, units, share, cash)


def _parts(order: Order, line: Line, *, to_come: bool) -> Iterator[tuple[Demand, int]]:
    """Each own sku of the line, with how many of its units were dropped or are still to come."""
    left = carried({demand.line_id for demand in order.demands}, order.parcels)
    for demand in order.demands:
        if demand.line_id == line.line_id or demand.line_id.rpartition(".")[0] == line.line_id:
            yield demand, demand.dropped + (max(demand.due - left[demand.line_id], 0) if to_come else 0)
