"""The audit log: chained per order from its genesis to its head, and telling the same story as the rows.

The rule of the chain: hash = sha256(previous hash + canonical JSON), over order_id, seq, at, actor, step, change,
caused_by, transaction_id, workflow_run and trace_id; keys sorted, no blanks, UTF-8 unescaped; `at` in UTC with
microseconds. The first entry is number 1 and follows 64 zeros; the head row names the last number and hash.
"""

import hashlib
import json
from collections import defaultdict
from datetime import UTC
from typing import Any

from verify.comparison import Comparison, Side
from verify.dump import Dump
from verify.record import Record, Row

GENESIS = "0" * 64
INSTALLATION = "installation"
START: dict[str, Any] = {
    "payment": "unpaid",
    "fulfilment": "waiting",
    "cancellation": "none",
    "after_sale": "none",
    "holds": [],
}
ENDS = ("completed", "stopped")
RANKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "payment": (("unpaid",), ("partly_paid",), ("paid",)),
    "fulfilment": (
        ("waiting",),
        ("reserved",),
        ("pushed",),
        ("partly_shipped",),
        ("shipped",),
        ("partly_delivered",),
        ("delivered",),
        ENDS,
    ),
    "cancellation": (("none",), ("requested",), ("done", "too_late")),
}
"""The words of each axis that has a direction, from its beginning to its end."""


def audit_chains(_: Dump, record: Record) -> Comparison:
    """Every chain verifies from genesis to head; every order and every payment has one, and nothing else.

    The installation may have one, and an order that could not be: nothing of it is left but its case and its log.
    """
    chains = _chains(record)
    heads = {row["order_id"]: row for row in record.rows("select order_id, seq, hash from audit_heads")}
    owners = record.orders.keys() | {row["order_id"] for row in record.payments}
    impossible = record.strings("select distinct order_id from cases where cause = 'impossible_fact'")
    owners |= {INSTALLATION, *impossible} & chains.keys()
    return Comparison(
        Side("orders", dict.fromkeys(owners, "verifies")),
        Side(
            "chains",
            {order_id: _verdict(chains[order_id], heads.get(order_id)) for order_id in chains.keys() | heads.keys()},
        ),
    )


def _verdict(entries: list[Row], head: Row | None) -> str:
    previous = GENESIS
    for number, entry in enumerate(entries, start=1):
        if entry["seq"] != number:
            return f"entry {number} is missing"
        if entry["previous_hash"] != previous or entry["hash"] != _digest(previous, entry):
            return f"entry {number} was changed"
        previous = entry["hash"]
    if head is None or (head["seq"], head["hash"]) != (len(entries), previous):
        return f"cut off after entry {len(entries)}: the head says {head['seq'] if head else 'nothing'}"
    return "verifies"


def _digest(previous: str, entry: Row) -> str:
    moment = entry["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    hashed = {name: value for name, value in entry.items() if name not in ("previous_hash", "hash")} | {"at": moment}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _chains(record: Record) -> dict[str, list[Row]]:
    chains: dict[str, list[Row]] = defaultdict(list)
    for row in record.rows(
        """
        select order_id, seq, at, actor, step, change, caused_by, transaction_id, workflow_run, trace_id,
               previous_hash, hash
        from audit_log order by order_id, seq
        """
    ):
        chains[row["order_id"]].append(row)
    return chains


def audited_payments(_: Dump, record: Record) -> Comparison:
    """Every payment is told of in its order's log, with its amount and its source; no other money is."""
    there = {
        row["trade_no"]: {"order": row["order_id"], "amount": _amount(row), "source": row["source"]}
        for row in record.payments
    }
    here: dict[str, Any] = {}
    for row in record.rows(
        "select order_id, change from audit_log where step = 'record_payment' order by order_id, seq"
    ):
        change = row["change"]
        trade_no = change.get("trade", "unnamed")
        told = {"order": row["order_id"], "amount": change.get("amount"), "source": change.get("source")}
        if trade_no not in here or told == there.get(trade_no):  # a contradiction of a known trade is told of too
            here[trade_no] = told
    return Comparison(Side("payments", there), Side("payments in the audit log", here))


def _amount(payment: Row) -> str:
    whole, rest = divmod(payment["amount_minor"], 100)
    return f"{whole}.{rest:02d} {payment['currency']}"


def axes_follow_audit(_: Dump, record: Record) -> Comparison:
    """Each order stands where the moves in its log lead, step by step; none moves on after its end."""
    jumps, revivals, there = [], [], {}
    chains = _chains(record)
    for order_id in record.orders:
        at: dict[str, Any] = dict(START)
        for entry in chains[order_id]:
            moves = {axis: move for axis, move in entry["change"].items() if axis in START}
            jumps += [f"{order_id} entry {entry['seq']} {axis}" for axis, move in moves.items() if move[0] != at[axis]]
            if at["fulfilment"] in ENDS and "fulfilment" in moves:
                revivals.append(f"{order_id} entry {entry['seq']}")
            at |= {axis: move[1] for axis, move in moves.items()}
        there[order_id] = at
    here = {order_id: {axis: order[axis] for axis in START} for order_id, order in record.orders.items()}
    return Comparison(
        Side("where the logs lead", there),
        Side("where the orders stand", here),
        rules={
            "a move begins where the one before ended": jumps,
            "nothing moves out of completed or stopped": revivals,
        },
    )


def axes_never_go_back(_: Dump, record: Record) -> Comparison:
    """Every move of an axis that has a direction leads forward."""
    rank = {axis: {word: place for place, words in enumerate(ranks) for word in words} for axis, ranks in RANKS.items()}
    moves = {
        f"{order_id} entry {entry['seq']} {axis}": (rank[axis][move[0]] < rank[axis][move[1]], move)
        for order_id, entries in _chains(record).items()
        for entry in entries
        for axis, move in entry["change"].items()
        if axis in RANKS
    }
    return Comparison(
        Side("moves", dict.fromkeys(moves, "forward")),
        Side(
            "their directions",
            {name: "forward" if forward else f"{move[0]} to {move[1]}" for name, (forward, move) in moves.items()},
        ),
    )
