"""Messages: what was sent to us, what we answered, and what the evidence says of it."""

from verify.comparison import Comparison, Side
from verify.dump import Dump
from verify.record import Record


def refused_messages(dump: Dump, record: Record) -> Comparison:
    """The refused messages are exactly the planted ones, each for its own reason, and none of them got a success."""
    planted = [notice for notice in dump.notices if notice.expected == "refused" and notice.is_sent]
    rows = record.rows("select distinct source, message_id, reason from inbound_events where verdict = 'refused'")
    return Comparison(
        Side(
            "notices planted to be refused",
            {f"{notice.name} {notice.expected_reason}": "refused" for notice in planted},
        ),
        Side("refused evidence", {f"{row['source']}/{row['message_id']} {row['reason']}": "refused" for row in rows}),
        undecided={f"{each.name} {each.expected_reason}" for each in planted if not each.is_answered},
        rules={"a refused notice is not answered success": [each.name for each in planted if each.has_success]},
    )


def refused_without_effect(dump: Dump, record: Record) -> Comparison:
    """No refused message moved anything: money of its trade is there only where something genuine proves it."""
    named = {notice.trade for notice in dump.notices if notice.expected == "refused"}
    believed = set(
        record.strings("select source || '/' || message_id from inbound_events where verdict in ('accepted', 'repeat')")
    )
    told = {notice.trade for notice in dump.notices if notice.expected == "accepted" and notice.name in believed}
    payments = {f"{row['provider']}/{row['trade_no']}": row["source"] for row in record.payments}
    proved = {trade: _proof(dump, trade, source, told) for trade, source in payments.items() if trade in named}
    return Comparison(
        Side("payments of trades that refused messages name", dict.fromkeys(proved, "proved")),
        Side("their genuine proof", proved),
        rules={
            "no refused message is applied": record.strings(
                "select message_id from inbound_events where verdict = 'refused' and applied_at is not null"
            ),
            "no refused message caused an audited step": record.strings(
                """
                select distinct e.message_id || ' ' || a.order_id || ' ' || a.step
                from inbound_events e join audit_log a on e.id = any(a.caused_by) where e.verdict = 'refused'
                """
            ),
        },
    )


def _proof(dump: Dump, name: str, source: str, told: set[str]) -> str:
    trade = dump.paid_trades.get(name)
    if trade is None:
        return "not paid at the provider"
    asked = source == "query" and trade.question in dump.answered_queries
    return "proved" if asked or name in told else "neither a genuine notice nor a query"


def quarantined_messages(dump: Dump, record: Record) -> Comparison:
    """What came under a known id with other content was put aside, and only that."""
    planted = [notice for notice in dump.notices if notice.expected == "quarantined" and notice.is_sent]
    found = record.strings(
        """
        select distinct source || '/' || message_id from inbound_events
        where verdict = 'quarantined' and source <> 'warehouse'
        """
    )
    unknown = record.strings(
        """
        select distinct source || '/' || message_id from inbound_events
        where verdict = 'quarantined' and reason = 'unknown_trade'
        """
    )
    return Comparison(
        Side("notices of other content", {notice.name: "quarantined" for notice in planted}),
        Side("quarantined evidence", dict.fromkeys(found, "quarantined")),
        undecided={notice.name for notice in planted if not notice.is_answered} | set(unknown),
    )


def acknowledged_messages(dump: Dump, record: Record) -> Comparison:
    """What was acknowledged is in the evidence, not refused; every genuine message that was sent was acknowledged."""
    acknowledged = {notice.name for notice in dump.notices if notice.has_success}
    acknowledged |= {f"warehouse/{message.webhook_id}" for message in dump.messages if message.is_taken}
    kept = record.strings("select distinct source || '/' || message_id from inbound_events where verdict <> 'refused'")
    genuine = [notice for notice in dump.notices if notice.expected == "accepted" and notice.is_sent]
    return Comparison(
        Side("acknowledged messages", dict.fromkeys(acknowledged, "kept")),
        Side("evidence that is not refused", {name: "kept" for name in kept if name in acknowledged}),
        rules={
            "a genuine notice is acknowledged in the end": [
                notice.name for notice in genuine if not notice.has_success
            ],
            "a genuine warehouse message is acknowledged in the end": [
                message.webhook_id for message in dump.messages if message.is_sent and not message.is_taken
            ],
        },
    )
