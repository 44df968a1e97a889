"""Faults of messages and of cases."""

from tests.verify.planting import notice, outside, record, unanswered

MESSAGES = (
    record(
        "a message was refused for another reason",
        "update inbound_events set reason = 'app' where message_id = 'F1001-signature'",
        "refused-messages",
    ),
    record(
        "a refused message left no evidence",
        "delete from inbound_events where message_id = 'F1001-app'",
        "refused-messages",
    ),
    record(
        "a message was refused that nobody planted",
        """
        insert into inbound_events (id, received_at, source, message_id, kind, verdict, reason, body)
        overriding system value values (900, now(), 'warehouse', 'msg-genuine', 'any', 'refused', 'stale', '')
        """,
        "refused-messages",
    ),
    outside(
        "WeChat Pay's probe was answered success",
        lambda dump: notice(dump, "F2001-signature")["deliveries"][0].update(status=204),
        "refused-messages",
        "acknowledged-messages",
    ),
    record(
        "a notice of WeChat Pay's that was kept back was not refused as stale",
        "update inbound_events set reason = 'signature' where message_id = 'F2001-stale'",
        "refused-messages",
    ),
    outside(
        "a genuine notice of WeChat Pay's was answered with nothing that stops it",
        lambda dump: notice(dump, "N2001").update(deliveries=unanswered(201, 400, None)),
        "acknowledged-messages",
    ),
    outside(
        "a forged message was answered success",
        lambda dump: notice(dump, "F1001-signature")["deliveries"][0].update(answer="success"),
        "refused-messages",
        "acknowledged-messages",
    ),
    record(
        "a forged message was believed",
        "update inbound_events set verdict = 'accepted', reason = null where message_id = 'F1001-signature'",
        "refused-messages",
        "accepted-events-end",
    ),
    record(
        "a refused message was applied",
        "update inbound_events set applied_at = now() where message_id = 'F1001-signature'",
        "refused-without-effect",
    ),
    record(
        "a refused message caused a step",
        """
        insert into inbound_events (id, received_at, source, message_id, kind, verdict, reason, body)
        overriding system value
        select 900, received_at, source, message_id, kind, verdict, reason, body
        from inbound_events where message_id = 'F1001-signature';
        insert into audit_log select order_id, 99, at, actor, step, '{}', '{900}', transaction_id, workflow_run,
                                     trace_id, previous_hash, hash
                              from audit_log where order_id = 'shop/tea/1001' and seq = 1
        """,
        "refused-without-effect",
        "audit-chains",
    ),
    record(
        "only a forged message speaks for a payment",
        "delete from inbound_events where message_id = 'N1001' and verdict = 'accepted'",
        "refused-without-effect",
    ),
    record(
        "other content under a known id was taken for a repeat",
        "update inbound_events set verdict = 'repeat' where verdict = 'quarantined'",
        "quarantined-messages",
    ),
    record(
        "an acknowledged notice left no evidence",
        "delete from inbound_events where message_id = 'N1002'",
        "acknowledged-messages",
    ),
    record(
        "an acknowledged parcel message left no evidence",
        "delete from inbound_events where message_id = 'msg-OB1001-1-delivered'",
        "acknowledged-messages",
    ),
    outside(
        "a genuine notice was never acknowledged",
        lambda dump: notice(dump, "N1002").update(deliveries=unanswered(503, None)),
        "acknowledged-messages",
    ),
    record(
        "an accepted event was never applied",
        "update inbound_events set applied_at = null where message_id = 'N1002'",
        "accepted-events-end",
    ),
)


CASES = (
    record("a case has no owner", "update cases set owner = ' ' where order_id = 'shop/tea/1004'", "cases-have-owners"),
    record(
        "a case has no next action",
        "update cases set next_action = '' where order_id = 'shop/tea/1004'",
        "cases-have-owners",
    ),
    record(
        "a case was due before it was opened",
        "update cases set due_at = opened_at where order_id = 'shop/tea/1004'",
        "cases-have-owners",
    ),
    record(
        "a case was settled by nobody",
        "update cases set settled_at = now(), choice = 'close', decided_by = '' where order_id = 'shop/tea/1004'",
        "cases-have-owners",
    ),
    record(
        "an order that waits has no case",
        "delete from cases where order_id = 'shop/tea/1007'",
        "paid-orders-pushed",
    ),
    record(
        "an ended order still waits for a person",
        "update cases set waits = true where order_id = 'shop/tea/1005'",
        "ended-orders-do-not-wait",
    ),
    record(
        "odd money has no case",
        "delete from cases where order_id = 'shop/tea/1008'",
        "held-apart-money",
    ),
)
