"""Events and cases: nothing that was accepted is left lying, nothing that waits is nobody's."""

from verify.comparison import Comparison, Side
from verify.dump import Dump
from verify.record import Record


def accepted_events_end(_: Dump, record: Record) -> Comparison:
    """Every accepted message was applied, or its order has an open case with an owner and a due time.

    A message counts once, however often it came: its first evidence may stay unapplied where a crash came between
    evidence and acceptance, and the sender's next attempt was applied or found to be a repeat.
    """
    rows = record.rows(
        """
        select e.source || '/' || e.message_id as name, e.kind, coalesce(e.order_id, '') as order_id,
               bool_or(e.applied_at is not null or e.verdict = 'repeat') as applied,
               bool_or(e.order_id in (
                   select order_id from cases
                   where settled_at is null and trim(owner) <> '' and trim(next_action) <> '' and due_at is not null
               )) as waits
        from inbound_events e where e.verdict in ('accepted', 'repeat')
        group by e.source, e.message_id, e.kind, e.fact_hash, coalesce(e.order_id, '')
        having bool_or(e.verdict = 'accepted')
        """
    )
    ends = {f"{row['name']} {row['order_id']}": bool(row["applied"] or row["waits"]) for row in rows}
    return Comparison(
        Side("accepted messages", dict.fromkeys(ends, "ended")),
        Side("their ends", {name: "ended" if ended else "neither applied nor a case" for name, ended in ends.items()}),
    )


def cases_have_owners(_: Dump, record: Record) -> Comparison:
    """Every case has an owner, a next action and a due time; every settled one says who decided and why."""
    rows = record.rows(
        """
        select id, trim(owner) <> '' and trim(next_action) <> '' and due_at > opened_at as owned,
               settled_at is null or (
                   trim(coalesce(decided_by, '')) <> '' and trim(coalesce(decision_reason, '')) <> ''
               ) as explained
        from cases
        """
    )
    return Comparison(
        Side("cases", {row["id"]: "owned" for row in rows}),
        Side("with owner, next action and due time", {row["id"]: "owned" for row in rows if row["owned"]}),
        rules={"a settled case says who and why": [row["id"] for row in rows if not row["explained"]]},
    )
