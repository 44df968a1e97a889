"""Stock: what is reserved for whom, what has left, and what the shops show of it."""

from collections import Counter

from verify.comparison import Comparison, Side
from verify.dump import Dump, order_of, reference_of
from verify.record import Record


def reserved_stock(_: Dump, record: Record) -> Comparison:
    """What is reserved of each sku is the sum of its open reservations, and never more than there is."""
    wanted = {
        row["sku"]: row["units"]
        for row in record.rows(
            "select sku, sum(quantity - shipped)::int as units from reservations where not released group by sku"
        )
    }
    stock = record.rows("select sku, on_hand, reserved from stock")
    return Comparison(
        Side("open reservations", wanted | {row["sku"]: wanted.get(row["sku"], 0) for row in stock}),
        Side("reserved in stock", {row["sku"]: row["reserved"] for row in stock}),
        rules={
            "on hand >= reserved >= 0": [
                f"{row['sku']}: {row['reserved']} of {row['on_hand']}"
                for row in stock
                if not row["on_hand"] >= row["reserved"] >= 0
            ],
            "no line reserves more than will come": record.strings(
                """
                select d.order_id || ' line ' || d.line_id from demands d join reservations r using (order_id, line_id)
                where r.quantity > d.quantity - d.dropped
                """
            ),
        },
    )


def shipped_units(dump: Dump, record: Record) -> Comparison:
    """The units of each sku that left, order by order, are those in the warehouse's parcels."""
    there, doubtful = _units_told(dump)
    rows = record.rows(
        "select order_id, sku, sum(shipped)::int as units from reservations where shipped > 0 group by order_id, sku"
    )
    here = {f"{reference_of(row['order_id'])} {row['sku']}": row["units"] for row in rows}
    return Comparison(
        Side("units in parcels", _without(there, doubtful)), Side("units shipped", _without(here, doubtful))
    )


def shop_levels(dump: Dump, record: Record) -> Comparison:
    """A shop that is told shows what is on hand and not reserved, of a bundle what its scarcest part suffices for."""
    free = {row["sku"]: row["free"] for row in record.rows("select sku, on_hand - reserved as free from stock")}
    here = {}
    for row in record.rows(
        """
        select distinct on (channel, shop_id, platform_sku) channel || '/' || shop_id as shop, platform_sku, components
        from sku_matches order by channel, shop_id, platform_sku, version desc
        """
    ):
        if row["shop"] in dump.listening_shops - record.shops_out_of_touch:
            needed: Counter[str] = Counter()
            for part in row["components"]:
                needed[part["sku"]] += part["quantity"]
            here[f"{row['shop']} {row['platform_sku']}"] = min(free.get(sku, 0) // needed[sku] for sku in needed)
    there = {
        f"{level.shop} {level.platform_sku}": level.available
        for level in dump.levels
        if level.shop not in record.shops_out_of_touch
    }
    return Comparison(Side("levels the shops show", there), Side("what can be sold", here))


def stock_on_hand(dump: Dump, record: Record) -> Comparison:
    """What is on hand of each sku is what was ever put on the shelves, less what left in parcels and stayed away."""
    told, doubtful = _units_told(dump)
    left: Counter[str] = Counter()
    for name, units in told.items():
        left[name.partition(" ")[2]] += units
    for row in record.rows("select restocked from returns"):
        left.subtract(row["restocked"])
    on_hand = {row["sku"]: row["on_hand"] for row in record.rows("select sku, on_hand from stock")}
    skus = dump.counted.keys() if not doubtful else ()
    return Comparison(
        Side("counted less shipped", {sku: dump.counted[sku] - left[sku] for sku in skus}),
        Side("on hand", {sku: on_hand[sku] for sku in skus if sku in on_hand}),
    )


def _units_told(dump: Dump) -> tuple[Counter[str], set[str]]:
    """`reference sku` -> units in parcels of which we were told; and the references of which nobody can be sure."""
    taken = {(message.reference, message.parcel_no) for message in dump.messages if message.is_taken}
    sent = {(message.reference, message.parcel_no) for message in dump.messages if message.is_sent}
    there: Counter[str] = Counter()
    for reference, order in dump.pushed.items():
        skus = {line["line_id"]: line["sku"] for line in order.lines}
        for parcel in order.parcels:
            if (reference, parcel["parcel_no"]) in taken:
                for line in parcel["lines"]:
                    there[f"{reference_of(order_of(reference))} {skus[line['line_id']]}"] += line["quantity"]
    return there, {reference_of(order_of(reference)) for reference, _ in sent - taken}


def _without(units: dict[str, int], references: set[str]) -> dict[str, int]:
    return {name: count for name, count in units.items() if name.partition(" ")[0] not in references}
