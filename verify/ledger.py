"""The ledger: double entry, and every fen of it on the side where the order's state puts it."""

from collections import defaultdict
from typing import Any

from verify.comparison import Comparison, Side
from verify.dump import Dump
from verify.record import Record


def balanced_entries(_: Dump, record: Record) -> Comparison:
    """Every entry has postings, in one currency, and sums to zero."""
    entries = record.rows(
        """
        select e.order_id, e.kind, e.reference, count(p.account) as postings,
               count(distinct p.currency) as currencies, coalesce(sum(p.amount_minor), 0)::bigint as off
        from ledger_entries e left join ledger_postings p on p.entry_seq = e.seq
        group by e.seq
        """
    )
    names = [f"{row['order_id']} {row['kind']} {row['reference']}" for row in entries]
    return Comparison(
        Side("entries, each of which sums to", dict.fromkeys(names, 0)),
        Side("their sums", {name: int(row["off"]) for name, row in zip(names, entries, strict=True)}),
        rules={
            "an entry has two postings or more, in one currency": [
                name
                for name, row in zip(names, entries, strict=True)
                if row["postings"] < 2 or row["currencies"] != 1  # noqa: PLR2004 - double entry
            ]
        },
    )


def receivable_is_captured(_: Dump, record: Record) -> Comparison:
    """Each payment is what its provider owes us: booked once, under its own reference, and nothing else is owed.

    Of an order that a marketplace sold it is the marketplace that owes it.
    """
    there = {
        f"{row['order_id']} {row['provider']}/{row['account']}/{row['trade_no']}": row["amount_minor"]
        for row in record.payments
    }
    here = {
        f"{row['order_id']} {row['reference']}": int(row["amount"])
        for row in record.rows(
            """
            select e.order_id, e.reference, sum(p.amount_minor)::bigint as amount
            from ledger_entries e join ledger_postings p on p.entry_seq = e.seq
            where e.kind <> 'refunded' and p.account =
              case when e.order_id like 'shop/%' then 'provider_receivable' else 'platform_receivable' end
            group by e.order_id, e.reference
            """
        )
    }
    return Comparison(Side("payments", there), Side("provider receivable", here))


def order_money(_: Dump, record: Record) -> Comparison:
    """The row that refunds lock says what payments, legs and the ledger say: captured, due back, gone back."""
    captured = _paid_per_order(record)
    due = _balances(record, "refund_payable")
    back = _back_per_order(record)
    there = {
        order_id: {
            "captured_minor": captured.get(order_id, 0),
            "refund_due_minor": -due.get(order_id, 0),
            "refunded_minor": back.get(order_id, 0),
        }
        for order_id in captured.keys() | due.keys() | back.keys()
    }
    rows = record.rows("select order_id, captured_minor, refund_due_minor, refunded_minor from order_money")
    here = {row["order_id"]: {name: row[name] for name in row if name != "order_id"} for row in rows}
    return Comparison(Side("payments, refund payable and legs that are done", there), Side("order money", here))


def stopped_orders_owe_all(_: Dump, record: Record) -> Comparison:
    """All money captured for a stopped order is due back to its buyer, or has gone back."""
    captured = _paid_per_order(record)
    due = _balances(record, "refund_payable")
    back = _back_per_order(record)
    stopped = [order_id for order_id, order in record.orders.items() if order["fulfilment"] == "stopped"]
    return Comparison(
        Side("captured for stopped orders", {order_id: captured.get(order_id, 0) for order_id in stopped}),
        Side("due back or gone", {order_id: back.get(order_id, 0) - due.get(order_id, 0) for order_id in stopped}),
    )


def dropped_units_owe(_: Dump, record: Record) -> Comparison:
    """Of an order that goes on, exactly the cash of its dropped units and its surplus is due back to its buyer."""
    owed = {
        row["order_id"]: int(row["amount"])
        for row in record.rows(
            """
            select e.order_id, -sum(p.amount_minor)::bigint as amount
            from ledger_entries e join ledger_postings p on p.entry_seq = e.seq
            where e.kind = 'refund_due' and p.account = 'refund_payable' group by e.order_id
            """
        )
    }
    shares: dict[str, int] = defaultdict(int)
    for row in record.goods:
        shares[row["order_id"]] += _share(row["cash_minor"], row["dropped"], row["quantity"])
    for order_id, amount in _surplus(record).items():
        shares[order_id] += amount
    going = [order_id for order_id, order in record.orders.items() if order["fulfilment"] != "stopped"]
    return Comparison(
        Side("cash of dropped units, and surplus", {order_id: shares[order_id] for order_id in going}),
        Side("due back", {order_id: owed.get(order_id, 0) for order_id in going}),
    )


def _surplus(record: Record) -> dict[str, int]:
    """What pays no part, and never will: its part is paid by another trade, or no plan has it."""
    parts = {(row["order_id"], row["part"]) for row in record.rows("select order_id, part from payment_plan")}
    unpaid = parts - {(row["order_id"], row["part"]) for row in record.payments if row["matched"]}
    too_much: dict[str, int] = defaultdict(int)
    for row in record.payments:
        if not row["matched"] and (row["order_id"], row["part"]) not in unpaid:
            too_much[row["order_id"]] += row["amount_minor"]
    return too_much


def _share(cash: int, units: int, of: int) -> int:
    """To the nearest fen; half a fen stays with the units that come."""
    whole, rest = divmod(cash * units, of)
    return whole + (2 * rest > of)


def held_apart_money(_: Dump, record: Record) -> Comparison:
    """Money is held apart exactly where a payment pays no part of a plan, and each such payment has its case."""
    unmatched = [row for row in record.payments if not row["matched"]]
    there: dict[str, int] = defaultdict(int)
    for row in unmatched:
        there[row["order_id"]] += row["amount_minor"]
    held = {
        row["order_id"]: -int(row["amount"])
        for row in record.rows(
            """
            select e.order_id, sum(p.amount_minor)::bigint as amount
            from ledger_entries e join ledger_postings p on p.entry_seq = e.seq
            where p.account = 'held_apart' and e.kind in ('held_apart', 'matched')
            group by e.order_id having sum(p.amount_minor) <> 0
            """
        )
    }
    about = set(record.strings("select order_id || ' ' || subject from cases where order_id is not null"))
    about |= set(record.strings("select order_id from cases where cause = 'message_without_order'"))
    return Comparison(
        Side("payments that pay no part", there),
        Side("held apart", held),
        rules={
            "a payment that pays no part has a case": [
                row["trade_no"]
                for row in unmatched
                if about.isdisjoint({row["order_id"], f"{row['order_id']} {_reference(row)}"})
            ]
        },
    )


def _reference(payment: dict[str, Any]) -> str:
    return f"{payment['provider']}/{payment['account']}/{payment['trade_no']}"


def _paid_per_order(record: Record) -> dict[str, int]:
    paid: dict[str, int] = defaultdict(int)
    for row in record.payments:
        paid[row["order_id"]] += row["amount_minor"]
    return paid


def _back_per_order(record: Record) -> dict[str, int]:
    """What went back by legs that are done."""
    rows = record.rows(
        """
        select r.order_id, sum(l.amount_minor)::bigint as amount
        from refund_legs l join refunds r on r.id = l.refund_id where l.state = 'done' group by r.order_id
        """
    )
    return {row["order_id"]: int(row["amount"]) for row in rows}


def _balances(record: Record, account: str) -> dict[str, int]:
    rows = record.rows(
        """
        select e.order_id, p.account, sum(p.amount_minor)::bigint as amount
        from ledger_entries e join ledger_postings p on p.entry_seq = e.seq group by e.order_id, p.account
        """
    )
    return {row["order_id"]: int(row["amount"]) for row in rows if row["account"] == account}
