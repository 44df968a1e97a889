"""Marketplaces: what they paid back by themselves, and what we told them."""

from verify.comparison import Comparison, Side
from verify.dump import MARKETPLACE, Dump, Json, second, whole_second
from verify.record import Record


def paid_back_there(dump: Dump, record: Record) -> Comparison:
    """Each after-sale that a marketplace paid back is one leg that is done, of its amount and time, and no other is."""
    rows = record.rows(
        """
        select a.number, a.shop_id, o.order_no, l.amount_minor, l.done_at
        from after_sales a join refund_legs l on l.refund_id = a.refund_id and l.state = 'done'
        join refunds r on r.id = a.refund_id join orders o on o.id = r.order_id
        """
    )
    return Comparison(
        Side(
            "after-sales that succeeded",
            {
                f"{MARKETPLACE}/{sale['shop_id']}/{sale['after_sale_no']}": {
                    "order_no": sale["order_no"],
                    "amount_minor": sale["amount_minor"],
                    "at": second(sale["succeeded_at"]),
                }
                for sale in _sales(dump)
                if sale["state"] == "succeeded"
            },
        ),
        Side(
            "legs that are done",
            {
                f"{MARKETPLACE}/{row['shop_id']}/{row['number']}": {
                    "order_no": row["order_no"],
                    "amount_minor": row["amount_minor"],
                    "at": whole_second(row["done_at"]),
                }
                for row in rows
            },
        ),
    )


def agreed_as_approved(dump: Dump, record: Record) -> Comparison:
    """Every agree that a marketplace heard is of an approved refund and of its amount; of one, all are the same."""
    approved = {
        row["number"]: row["approved_minor"]
        for row in record.rows(
            "select a.number, r.approved_minor from after_sales a join refunds r on r.id = a.refund_id"
        )
    }
    said = {
        f"{call['number']} {call['idempotency_key']}": (call["number"], call["amount_minor"])
        for call in dump.raw.get(MARKETPLACE, {}).get("calls", [])
        if call["verb"] == "agree"
    }
    return Comparison(
        Side("amounts that were agreed to", {name: amount for name, (_, amount) in said.items()}),
        Side("amounts that were approved", {name: approved.get(number) for name, (number, _) in said.items()}),
    )


def _sales(dump: Dump) -> list[Json]:
    """A dump without a marketplace has none."""
    found: list[Json] = dump.raw.get(MARKETPLACE, {}).get("after_sales", [])
    return found
