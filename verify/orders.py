"""Orders: what the shop placed, and what the record made of it."""

from collections import defaultdict
from typing import Any

from verify.comparison import Comparison, Side
from verify.dump import Dump, Json
from verify.record import Record


def shop_orders(dump: Dump, record: Record) -> Comparison:
    """Every order that was accepted from a shop, or sold for us, is in the record with its amount, and no other is."""
    planned: dict[str, int] = defaultdict(int)
    for part in record.plan:
        planned[part["order_id"]] += part["amount_minor"]
    placed = dump.shop_orders.values()
    return Comparison(
        Side(
            "orders accepted from the shop",
            {
                each.order_id: {"amount_minor": each.amount_minor, "currency": "CNY"}
                for each in placed
                if each.is_accepted
            }
            | {str(each.order_id): {"amount_minor": each.amount_minor, "currency": "CNY"} for each in dump.sold},
        ),
        Side(
            "orders",
            {
                order_id: {"amount_minor": row["amount_minor"], "currency": row["currency"]}
                for order_id, row in record.orders.items()
            },
        ),
        undecided={each.order_id for each in placed if each.is_doubtful},
        rules={
            "a payment plan sums to its order's amount": [
                f"{order_id}: {planned[order_id]} of {row['amount_minor']}"
                for order_id, row in record.orders.items()
                if planned[order_id] != row["amount_minor"]
            ]
        },
    )


def order_lines(dump: Dump, record: Record) -> Comparison:
    """Every line is recorded as the shop wrote it: goods, units and the buyer's share of the price."""
    there = {
        f"{order.order_id} line {line['line_id']}": _line(line["platform_sku"], line["quantity"], _cash(line))
        for order in dump.shop_orders.values()
        if order.order_id in record.orders
        for line in order.lines
    }
    here = {
        f"{row['order_id']} line {row['line_id']}": _line(row["platform_sku"], row["quantity"], row["cash_minor"])
        for row in record.rows("select order_id, line_id, platform_sku, quantity, cash_minor from order_lines")
        if row["order_id"] in dump.shop_orders
    }
    return Comparison(Side("the shop's lines", there), Side("order lines", here))


def _line(platform_sku: str, quantity: int, cash_minor: int) -> dict[str, Any]:
    return {"platform_sku": platform_sku, "quantity": quantity, "cash_minor": cash_minor}


def _cash(line: Json) -> int:
    listed: int = line["list_price_minor"] * line["quantity"]
    return listed - int(line["merchant_discount_minor"]) - int(line["platform_subsidy_minor"])


def demands_follow_lines(dump: Dump, record: Record) -> Comparison:
    """What an order takes from stock is what the shop sold, by some version of its match; unmatched, nothing."""
    versions = _versions(record)
    found = _demands(record)
    there, here = {}, {}
    for order in dump.shop_orders.values():
        if order.order_id not in record.orders:
            continue
        shop = order.order_id.rpartition("/")[0]
        for line in order.lines:
            name = f"{order.order_id} line {line['line_id']}"
            here[name] = found.pop(name, _needs([], 0))
            possible = [
                _needs([(part["sku"], part["quantity"] * line["quantity"]) for part in components], _cash(line))
                for components in versions.get(f"{shop} {line['platform_sku']}", [])
            ]
            if line["line_id"] in record.orders[order.order_id]["unmatched"]:
                possible = [_needs([], 0)]
            there[name] = here[name] if here[name] in possible else next(reversed(possible), "no match")
    here |= {name: needs for name, needs in found.items() if name.partition(" ")[0] in dump.shop_orders}
    return Comparison(Side("the shop's lines in own skus", there), Side("demands", here))


def _needs(units: list[tuple[str, int]], cash_minor: int) -> dict[str, Any]:
    return {"units": sorted([sku, quantity] for sku, quantity in units), "cash_minor": cash_minor}


def _versions(record: Record) -> dict[str, list[Any]]:
    """`channel/shop sku` -> the components of each version, the newest last."""
    versions = defaultdict(list)
    for row in record.rows(
        "select channel || '/' || shop_id || ' ' || platform_sku as name, components from sku_matches order by version"
    ):
        versions[row["name"]].append(row["components"])
    return versions


def _demands(record: Record) -> dict[str, Any]:
    """What each line takes from stock; a bundle's parts are lines `2.1`, `2.2` of line `2`."""
    known = set(record.strings("select order_id || ' line ' || line_id from order_lines"))
    units: dict[str, list[tuple[str, int]]] = defaultdict(list)
    cash: dict[str, int] = defaultdict(int)
    for row in record.rows("select order_id || ' line ' || line_id as name, sku, quantity, cash_minor from demands"):
        name = row["name"] if row["name"] in known else row["name"].rpartition(".")[0]
        units[name].append((row["sku"], row["quantity"]))
        cash[name] += row["cash_minor"]
    return {name: _needs(units[name], cash[name]) for name in units}
