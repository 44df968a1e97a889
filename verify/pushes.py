"""Pushes: what the warehouse was given to send out, and what the record says it gave."""

from collections import defaultdict

from verify.comparison import Comparison, Side
from verify.dump import Dump, Json, order_of
from verify.record import Record

JUDGED_ANEW = 422  # a refusal of this kind is not remembered: what it was about may be mended under the same key


def pushed_orders(dump: Dump, record: Record) -> Comparison:
    """The warehouse's outbound orders are exactly the orders recorded as pushed."""
    there = {reference: order.outbound_no for reference, order in dump.pushed.items()}
    here = {
        reference: row["outbound_no"] or there.get(reference)  # a parcel's message may overtake the answer to the push
        for reference, row in record.pushes.items()
    }
    unheard = {
        reference
        for reference, order in dump.outbound.items()
        if order.state == "stopped" and record.gave_up(reference)
    }
    return Comparison(
        Side("outbound orders at the warehouse", there),
        Side("orders recorded as pushed", here),
        undecided=unheard,  # pushed and stopped before the answer to the push was heard: nothing left, nothing recorded
        rules={
            "goods that left another way are not at the warehouse too": sorted(
                record.outside_shipments & dump.pushed.keys()
            )
        },
    )


def one_key_per_push(dump: Dump, record: Record) -> Comparison:
    """One idempotency key per reference, the one the record names; equal parameters in all calls with one key."""
    keys: dict[str, set[str]] = {reference: set(order.idempotency_keys) for reference, order in dump.pushed.items()}
    parameters: dict[str, set[str]] = defaultdict(set)
    for call in dump.warehouse_calls:
        if call["verb"] == "push":
            keys.setdefault(call["reference"], set()).add(call["idempotency_key"])
        if call["idempotency_key"] and call["status"] != JUDGED_ANEW:
            parameters[call["idempotency_key"]].add(_parameters(call))
    recorded = {reference: row["transaction_id"] for reference, row in record.pushes.items()}
    compared = [reference for reference in dump.pushed if reference in recorded]
    return Comparison(
        Side("keys at the warehouse", {reference: sorted(keys[reference]) for reference in compared}),
        Side("transaction ids", {reference: [recorded[reference]] for reference in compared}),
        rules={
            "a reference is pushed under one key": [
                f"{reference}: {', '.join(sorted(used))}" for reference, used in keys.items() if len(used) != 1
            ],
            "all calls with one key are equal": sorted(key for key, asked in parameters.items() if len(asked) > 1),
        },
    )


def _parameters(call: Json) -> str:
    return f"{call['verb']} {call['reference']} {call['parameters_sha256']}"


def only_paid_orders_pushed(dump: Dump, record: Record) -> Comparison:
    """No order is at the warehouse that is not fully paid, by the provider's word and by the record's."""
    covered = covered_orders(dump, record)
    verdicts = {}
    for reference in dump.pushed:
        order = record.orders.get(order_of(reference))
        if order is not None:
            at_provider = "paid" if order["id"] in covered else "not paid at the provider"
            verdicts[reference] = at_provider if order["payment"] == "paid" else f"record: {order['payment']}"
    return Comparison(
        Side("outbound orders at the warehouse", dict.fromkeys(dump.pushed, "paid")),
        Side("their orders' payment", verdicts),
    )


def paid_orders_pushed(dump: Dump, record: Record) -> Comparison:
    """Every order that is paid in full is pushed, was stopped, or stands still for an open case that is owned."""
    covered = covered_orders(dump, record)
    pushed = {row["order_id"] for row in record.rows("select order_id from outbound_orders")}
    ends = {}
    for order_id in covered:
        stopped = record.orders[order_id]["fulfilment"] == "stopped"
        if order_id in pushed or stopped or order_id in record.waiting:
            ends[order_id] = "pushed, stopped or waiting"
    return Comparison(
        Side("orders paid in full at the provider", dict.fromkeys(covered, "pushed, stopped or waiting")),
        Side("pushed, stopped or waiting for a person", ends),
        rules={
            "the record calls an order paid exactly if the provider has its money": [
                f"{order_id}: {order['payment']}"
                for order_id, order in record.orders.items()
                if (order["payment"] == "paid") != (order_id in covered) and order["fulfilment"] != "stopped"
            ]
        },
    )


def covered_orders(dump: Dump, record: Record) -> set[str]:
    """Orders of whose plan every part is a paid trade of exactly that amount."""
    paid = {(trade.order_id, trade.part, trade.amount_minor, trade.currency) for trade in dump.paid_trades.values()}
    open_parts = {
        part["order_id"]
        for part in record.plan
        if (part["order_id"], part["part"], part["amount_minor"], part["currency"]) not in paid
    }
    return {part["order_id"] for part in record.plan} - open_parts


def pushed_content(dump: Dump, record: Record) -> Comparison:
    """Each outbound order holds at the warehouse, line by line, the units that the record says it gave."""
    there = {
        reference: {line["line_id"]: {"sku": line["sku"], "units": line["quantity"]} for line in order.lines}
        for reference, order in dump.pushed.items()
        if reference in record.pushes
    }
    skus = {(row["order_id"], row["line_id"]): row["sku"] for row in record.goods}
    here = {
        reference: {
            line_id: {"sku": skus.get((row["order_id"], line_id)), "units": units}
            for line_id, units in row["contents"].items()
        }
        for reference, row in record.pushes.items()
        if reference in dump.pushed
    }
    return Comparison(Side("contents at the warehouse", there), Side("contents in the record", here))


def every_unit_goes_once(_: Dump, record: Record) -> Comparison:
    """Of a pushed order each unit is in one outbound order, was dropped, or waits for the next one with a person."""
    pushed = set(record.strings("select order_id from outbound_orders"))
    going = [row for row in record.goods if row["order_id"] in pushed and not _stopped(record, row["order_id"])]
    there, here = {}, {}
    for row in going:
        name = f"{row['order_id']} line {row['line_id']}"
        units = row["handed_over"] + row["dropped"]
        there[name] = row["quantity"]
        here[name] = max(units, row["quantity"]) if row["order_id"] in record.waiting else units
    return Comparison(Side("units ordered", there), Side("units handed over, dropped or waiting", here))


def _stopped(record: Record, order_id: str) -> bool:
    order = record.orders.get(order_id)
    return order is not None and order["fulfilment"] == "stopped"
