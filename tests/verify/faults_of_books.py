"""Faults of stock, ledger and audit log."""

from tests.verify.planting import record

BOOKS = (
    record(
        "reserved stock is off by one",
        "update stock set reserved = reserved + 1 where sku = 'TEA-GREEN-250'",
        "reserved-stock",
        "shop-levels",
    ),
    record(
        "a stopped order keeps its reservation",
        "update reservations set released = false where order_id = 'shop/tea/1005'",
        "reserved-stock",
    ),
    record(
        "units left that no parcel carried",
        """
        update reservations set shipped = 1 where order_id = 'shop/tea/1003';
        update stock set reserved = reserved - 1, on_hand = on_hand - 1 where sku = 'TEA-GREEN-250'
        """,
        "shipped-units",
    ),
    record(
        "a ledger entry does not balance",
        "update ledger_postings set amount_minor = amount_minor - 1 where entry_seq = 1 and account = 'buyer_cash'",
        "balanced-entries",
    ),
    record(
        "a payment is booked twice",
        """
        insert into ledger_entries (seq, order_id, kind, reference, transaction_id, booked_at, posting_count)
        overriding system value values (900, 'shop/tea/1001', 'captured', 'again', 'x', now(), 3);
        insert into ledger_postings select 900, account, amount_minor, currency
                                    from ledger_postings where entry_seq = 1
        """,
        "receivable-is-captured",
    ),
    record(
        "an entry has no postings",
        """
        insert into ledger_entries (seq, order_id, kind, reference, transaction_id, booked_at, posting_count)
        overriding system value values (900, 'shop/tea/1001', 'captured', 'empty', 'x', now(), 2)
        """,
        "balanced-entries",
    ),
    record(
        "the money row says more than was captured",
        "update order_money set captured_minor = captured_minor + 1 where order_id = 'shop/tea/1001'",
        "order-money",
    ),
    record(
        "a stopped order owes nothing",
        """
        delete from ledger_postings where entry_seq in (
            select seq from ledger_entries where kind = 'refund_due' and order_id = 'shop/tea/1005'
        );
        delete from ledger_entries where kind = 'refund_due' and order_id = 'shop/tea/1005';
        update order_money set refund_due_minor = 0 where order_id = 'shop/tea/1005'
        """,
        "stopped-orders-owe-all",
    ),
    record(
        "odd money counts as the order's own",
        "update payments set matched = true where trade_no = 'T1004'",
        "held-apart-money",
    ),
)


AUDIT = (
    record(
        "an audit entry was changed",
        "update audit_log set actor = 'somebody else' where order_id = 'shop/tea/1002' and seq = 3",
        "audit-chains",
    ),
    record(
        "an audit entry was taken out",
        "delete from audit_log where order_id = 'shop/tea/1003' and seq = 3",
        "audit-chains",
        "axes-follow-audit",
    ),
    record(
        "the audit log was cut at its end",
        "delete from audit_log where order_id = 'shop/tea/1002' and seq = 5",
        "audit-chains",
        "axes-follow-audit",
    ),
    record(
        "an order has no audit log",
        """
        delete from audit_log where order_id = 'shop/tea/1006';
        delete from audit_heads where order_id = 'shop/tea/1006'
        """,
        "audit-chains",
        "axes-follow-audit",
    ),
    record(
        "somebody wrote into the log of the installation",
        """
        insert into audit_log select 'installation', seq, at, actor, step, change, caused_by, transaction_id,
                                     workflow_run, trace_id, previous_hash, hash
                              from audit_log where order_id = 'shop/tea/1006' and seq = 1
        """,
        "audit-chains",
    ),
    record(
        "the head of a log names another hash",
        "update audit_heads set hash = 'other' where order_id = 'shop/tea/1006'",
        "audit-chains",
    ),
    record(
        "an axis went back",
        """
        update audit_log set change = '{"payment": ["paid", "unpaid"]}' where order_id = 'shop/tea/1006' and seq = 1
        """,
        "audit-chains",
        "axes-follow-audit",
        "axes-never-go-back",
    ),
    record(
        "an order was moved behind the log's back",
        "update orders set fulfilment = 'delivered' where id = 'shop/tea/1003'",
        "axes-follow-audit",
    ),
)
