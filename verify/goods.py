"""Goods of refunds: what is paid back had left, or the warehouse had let go of it."""

from collections import Counter

from verify.comparison import Comparison, Side
from verify.dump import Dump, order_of, reference_of
from verify.record import Record


def unshipped_goods_were_stopped(dump: Dump, record: Record) -> Comparison:
    """Money for goods that had not left moves only after the warehouse let go of each outbound order that held them."""
    rows = record.rows(
        """
        select distinct r.id, r.goods, g.answered_at is not null as answered,
          (select coalesce(json_agg(p.reference), '[]') from outbound_orders p
           where p.order_id = r.order_id and g.intercepted @> to_jsonb(p.number))::text as held
        from refunds r join refund_legs l on l.refund_id = r.id left join goods_stops g on g.refund_id = r.id
        where r.goods in ('to_stop', 'stopped')
        """
    )
    going = {reference for reference, order in dump.outbound.items() if order.state != "stopped" or order.parcels}
    here = {}
    for row in rows:
        held = [reference for reference in going if f'"{reference}"' in row["held"]]
        said = "stopped" if row["answered"] and row["goods"] == "stopped" else f"goods are {row['goods']}"
        here[row["id"]] = f"{', '.join(sorted(held))} go on" if held else said
    return Comparison(Side("refunds of goods that had not left", dict.fromkeys(here, "stopped")), Side("are", here))


def returned_stock_was_good(dump: Dump, record: Record) -> Comparison:
    """What became stock again is, return by return and sku by sku, no more than the warehouse received good."""
    good = Counter[str]()
    for back in dump.raw["warehouse"].get("returns", []):
        skus = {line["line_id"]: line["sku"] for line in back["lines"]}
        for found in back["found"]:
            good[f"{back['reference']} {skus[found['line_id']]}"] += found["good"]
    rows = record.rows("select refund_id, restocked from returns")
    again = {f"{row['refund_id']} {sku}": units for row in rows for sku, units in row["restocked"].items()}
    kept = {name: min(units, good[name]) for name, units in again.items()}
    return Comparison(Side("stock again", again), Side("of it received good", kept))


def money_waits_for_returns(_: Dump, record: Record) -> Comparison:
    """Where goods have to come back, money moves only after they were received."""
    rows = record.rows(
        """
        select distinct r.id, b.received_at is not null and r.goods = 'received' as back
        from refunds r join refund_legs l on l.refund_id = r.id left join returns b on b.refund_id = r.id
        where r.kind = 'return'
        """
    )
    here = {row["id"]: "back" if row["back"] else "paid before they came" for row in rows}
    return Comparison(Side("returns that are paid back", dict.fromkeys(here, "back")), Side("their goods", here))


def paid_back_goods_had_left(dump: Dump, record: Record) -> Comparison:
    """Units that are paid back as the buyer's were in the warehouse's parcels, line by line."""
    left: Counter[str] = Counter()
    for reference, order in dump.pushed.items():
        for parcel in order.parcels:
            for line in parcel["lines"]:
                left[f"{reference_of(order_of(reference))} {line['line_id']}"] += line["quantity"]
    rows = record.rows(
        """
        select r.order_id, x.line_id, sum(x.quantity)::int as units
        from refunds r join refund_lines x on x.refund_id = r.id
        where r.basis = 'sale' and exists (select from refund_legs l where l.refund_id = r.id and l.state = 'done')
          and exists (select from demands d where d.order_id = r.order_id and d.line_id = x.line_id)
          and not exists (select from outbound_orders p
                          where p.order_id = r.order_id and p.outside_shipment_no is not null)
        group by r.order_id, x.line_id
        """
    )
    units = {f"{reference_of(row['order_id'])} {row['line_id']}": row["units"] for row in rows}
    kept = {name: min(count, left[name]) for name, count in units.items()}
    return Comparison(Side("units paid back", units), Side("of those that left", kept))
