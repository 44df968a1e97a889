"""Legs of refunds: each movement of money at the providers is one leg of ours, within its payment, approved, booked."""

from collections import defaultdict

from verify.comparison import Comparison, Side
from verify.dump import Dump
from verify.record import Record, Row
from verify.refunds import ASKS, asked_parameters, provider_refunds

MAY_HAVE_MOVED = ("asked", "processing", "short_of_balance", "unknown", "abnormal", "done")
ENDED = ("order", "stage", "amount_minor", "paid_back_minor")
"""What is known of a refund that has ended."""
NOTHING_MOVED = ("closed", "given_up")


def refunds_are_legs(dump: Dump, record: Record) -> Comparison:
    """Each refund that a provider paid out is one leg of this number, trade and amount, and each done leg was paid out.

    A leg whose answer was not heard yet may follow. What the bank sent back later was paid out all the same. What
    went another way is no provider's: two people say so.
    """
    there = {
        name: {"trade": each.trade, "amount_minor": each.amount_minor}
        for name, each in provider_refunds(dump.raw).items()
        if each.state == "done" or each.done_at is not None
    }
    legs = {f"{row['provider']}/{row['out_refund_no']}": row for row in record.legs}
    here = {
        name: {"trade": f"{row['provider']}/{row['trade_no']}", "amount_minor": row["amount_minor"]}
        for name, row in legs.items()
        if row["provider"] in ASKS
        and not _went_elsewhere(row)
        and (row["state"] == "done" or (name in there and row["state"] in MAY_HAVE_MOVED))
    }
    return Comparison(Side("refunds done at the providers", there), Side("legs", here))


def _went_elsewhere(row: Row) -> bool:
    return row["said_by"] is not None and row["confirmed_by"] not in (None, row["said_by"])


def asked_refunds(dump: Dump, record: Record) -> Comparison:
    """Each refund that the shop was given is in the record, for its order; what ended, ended as the shop was shown."""
    given = {row["refund"]: row for row in dump.raw["shop"].get("refunds", []) if row["refund"] is not None}
    rows = record.rows(
        """
        select id, order_id as order, stage, amount_minor,
          (select coalesce(sum(l.amount_minor), 0)::bigint from refund_legs l
           where l.refund_id = r.id and l.state = 'done') as paid_back_minor
        from refunds r
        """
    )
    here = {row["id"]: row for row in rows if row["id"] in given}
    compared = {name: ENDED if row["has_ended"] else ("order",) for name, row in given.items()}
    return Comparison(
        Side("refunds given to the shop", {name: {key: given[name][key] for key in compared[name]} for name in given}),
        Side("refunds", {name: {key: row[key] for key in compared[name]} for name, row in here.items()}),
    )


def one_refund_per_number(dump: Dump, _: Record) -> Comparison:
    """All calls that ask for money back under one number carry equal parameters."""
    said = {name: len(set(parameters)) for name, parameters in asked_parameters(dump.raw).items()}
    return Comparison(Side("refund numbers in calls", dict.fromkeys(said, 1)), Side("their parameters", said))


def legs_within_payments(_: Dump, record: Record) -> Comparison:
    """Legs that are done, under way or unknown never come to more than their payment brought."""
    brought = {(row["provider"], row["account"], row["trade_no"]): row["amount_minor"] for row in record.payments}
    back: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in record.legs:
        if row["state"] not in NOTHING_MOVED:
            back[(row["provider"], row["account"], row["trade_no"])] += row["amount_minor"]
    names = {"/".join(payment): amount <= brought.get(payment, 0) for payment, amount in back.items()}
    return Comparison(
        Side("payments with legs", dict.fromkeys(names, True)), Side("whose legs stay within them", names)
    )


def refunds_are_approved(_: Dump, record: Record) -> Comparison:
    """Whatever has legs was approved, for exactly its amount and version: by signatures, or by a policy that is named.

    Without signatures only what is due back goes, of which nobody asked; and what a marketplace, or a policy before its
    deadline, decided in the signers' place.
    """
    rows = record.rows(
        """
        select distinct r.id, r.decision = 'approved' and r.approved_version = r.version
          and r.approved_minor = r.amount_minor and r.policy is not null and (
            (r.approval is null and r.basis = 'due' and r.applicant = 'lockstep')
            or (r.approval ->> 'status' = 'approved' and (r.approval ->> 'version')::int = r.version
                and (r.approval -> 'amount' ->> 'amount_minor')::bigint = r.amount_minor)
            or (a.refund_id is not null and coalesce(r.approval ->> 'status', 'overtaken') in ('overtaken', 'refused'))
          ) as approved
        from refunds r join refund_legs l on l.refund_id = r.id left join after_sales a on a.refund_id = r.id
        """
    )
    return Comparison(
        Side("refunds with legs", {row["id"]: "approved" for row in rows}),
        Side("as they are", {row["id"]: "approved" if row["approved"] else "not as it is" for row in rows}),
    )


def refunds_are_booked(_: Dump, record: Record) -> Comparison:
    """Each leg that is done is in the ledger once, with its amount, and nothing else went back."""
    there = {row["out_refund_no"]: row["amount_minor"] for row in record.legs if row["state"] == "done"}
    booked = record.rows(
        """
        select e.reference, -sum(p.amount_minor)::bigint as amount
        from ledger_entries e join ledger_postings p on p.entry_seq = e.seq
        where e.kind = 'refunded' and p.account in ('provider_receivable', 'platform_receivable', 'paid_elsewhere')
        group by e.seq, e.reference
        """
    )
    return Comparison(
        Side("legs that are done", there),
        Side("refunded in the ledger", {row["reference"]: int(row["amount"]) for row in booked}),
    )
