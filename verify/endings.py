"""Ends: what is over stays over, here and at the warehouse."""

from verify.comparison import Comparison, Side
from verify.dump import Dump, Outbound, order_of
from verify.record import Record

ENDS = ("completed", "stopped")


def ended_orders_do_not_wait(_: Dump, record: Record) -> Comparison:
    """No completed or stopped order waits for a person's decision any more."""
    waiting = set(record.strings("select order_id from cases where refund_id is null and settled_at is null and waits"))
    ended = [order_id for order_id, order in record.orders.items() if order["fulfilment"] in ENDS]
    return Comparison(
        Side("completed and stopped orders", dict.fromkeys(ended, "at rest")),
        Side("what they do", {order_id: "waits" if order_id in waiting else "at rest" for order_id in ended}),
    )


def stopped_orders_stay(dump: Dump, record: Record) -> Comparison:
    """What is stopped here is stopped at the warehouse, and the other way round, and no parcel of it left."""
    there, here = {}, {}
    for reference, outbound in dump.outbound.items():
        order = None if reference in record.outside_shipments else record.orders.get(order_of(reference))
        stopped = record.gave_up(reference) or (order is not None and order["fulfilment"] == "stopped")
        if order is None or not (stopped or outbound.state == "stopped"):
            continue
        if not stopped and order["id"] in record.waiting:
            continue  # the warehouse's answer was not heard, and a person knows
        there[reference] = _stay(outbound)
        here[reference] = "stopped" if stopped else order["fulfilment"]
    return Comparison(Side("at the warehouse", there), Side("in the record", here))


def _stay(outbound: Outbound) -> str:
    return f"{outbound.state}, {len(outbound.parcels)} parcels left" if outbound.parcels else outbound.state


def cancellations_decided(dump: Dump, record: Record) -> Comparison:
    """Every cancellation accepted from the shop was decided: stopped, too late, or with a person."""
    wished = [order.order_id for order in dump.shop_orders.values() if order.is_cancelled]
    decided = {}
    for order_id in wished:
        order = record.orders.get(order_id)
        if order is not None:
            over = order["fulfilment"] in ENDS or order["cancellation"] in ("done", "too_late")
            with_a_person = order["cancellation"] == "requested" and order_id in record.waiting
            decided[order_id] = "decided" if over or with_a_person else f"cancellation is {order['cancellation']}"
    return Comparison(Side("cancelled by the shop", dict.fromkeys(wished, "decided")), Side("in the record", decided))
