"""Money: what the provider holds for us, and what the record says it captured."""

from verify.comparison import Comparison, Side
from verify.dump import Dump, Trade, whole_second
from verify.record import Record


def captured_money(dump: Dump, record: Record) -> Comparison:
    """Each trade paid at the provider is exactly one payment of the same order, part, amount, currency and time."""
    there = {
        name: {
            "order": trade.order_id,
            "part": trade.part,
            "amount_minor": trade.amount_minor,
            "currency": trade.currency,
            "paid_at": trade.paid_at,
        }
        for name, trade in dump.paid_trades.items()
    }
    here = {
        f"{row['provider']}/{row['trade_no']}": {
            "order": row["order_id"],
            "part": row["part"],
            "amount_minor": row["amount_minor"],
            "currency": row["currency"],
            "paid_at": whole_second(row["paid_at"]),
        }
        for row in record.payments
    }
    odd_accounts = [
        f"{row['trade_no']} to {row['provider']} {row['account']}"
        for row in record.payments
        if record.accounts.get(_shop_of(row["order_id"])) != (row["provider"], row["account"])
    ]
    several = len(record.payments) - len(here)
    return Comparison(
        Side("trades paid at the provider", there),
        Side("payments", here),
        undecided=_with_a_person(dump, record),
        rules={
            "a payment went to its shop's account": odd_accounts,
            "a trade is in the payments once": [f"{several} rows too many"] if several else [],
        },
    )


def _shop_of(order_id: str) -> str:
    return order_id.rpartition("/")[0]


def _with_a_person(dump: Dump, record: Record) -> set[str]:
    """Money that names no order of any shop here: no payment, but a case about that trade."""
    asked = set(record.strings("select subject from cases where cause = 'unknown_trade'"))
    return {
        name
        for name, trade in dump.paid_trades.items()
        if trade.trade_no in asked and (trade.order_id is None or _shop_of(trade.order_id) not in record.accounts)
    }


def silent_trades_found(dump: Dump, record: Record) -> Comparison:
    """Money that no notice told of was found by asking; no payment claims a source that it did not have."""
    silent = dump.paid_trades.keys() - dump.told_trades
    sources = {f"{row['provider']}/{row['trade_no']}": _source(row["source"]) for row in record.payments}
    asked = {trade.name for trade in dump.trades if trade.question in dump.answered_queries}
    return Comparison(
        Side("paid trades without a genuine notice", dict.fromkeys(silent, "query")),
        Side("their payments' sources", {name: sources[name] for name in silent if name in sources}),
        rules={
            "a payment found by a query was asked about at the provider": [
                name for name, source in sources.items() if source == "query" and name not in asked
            ],
            "a payment's source is notice or query": [
                f"{name}: {source!r}" for name, source in sources.items() if source not in ("notice", "query")
            ],
        },
    )


def _source(said: str) -> str:
    """What undoes another system's work asks the provider first, as a query of the order's own does."""
    return "query" if said.startswith("undo/") else said


def ended_trades_closed(dump: Dump, record: Record) -> Comparison:
    """No trade of a stopped order waits for its buyer any more: nobody can pay for nothing."""
    stopped = {order_id for order_id, order in record.orders.items() if order["fulfilment"] == "stopped"}
    trades = [trade for trade in dump.trades if trade.order_id in stopped]
    return Comparison(
        Side("trades of stopped orders", {trade.name: _openness(trade) for trade in trades}),
        Side("what they must be", {trade.name: "ended" for trade in trades}),
    )


def _openness(trade: Trade) -> str:
    return "open" if trade.state == "waiting" else "ended"
