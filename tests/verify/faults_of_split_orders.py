"""Faults of orders that go out in parts: units that go twice or never, money that is due twice or never."""

from dataclasses import replace

from tests.verify.planting import outbound, outside, record

PARTS = (
    replace(
        record(
            "a unit is pushed twice over two outbound orders",
            """update outbound_orders set contents = '{"1": 2}' where reference = 'shop.tea.1011.2'""",
            "every-unit-goes-once",
        ),
        alter=lambda dump: outbound(dump, "1011.2")["lines"][0].update(quantity=2),
    ),
    record(
        "a rest neither goes nor waits for a person",
        """
        update cases set settled_at = now(), choice = 'retry', decided_by = 'li', decision_reason = 'restocked'
        where order_id = 'shop/tea/1013'
        """,
        "every-unit-goes-once",
    ),
    record(
        "the push of a rest is not recorded",
        "delete from outbound_orders where reference = 'shop.tea.1011.2'",
        "pushed-orders",
        "every-unit-goes-once",
    ),
    record(
        "a rest was pushed under the key of the first part",
        "update outbound_orders set transaction_id = 'order/shop/tea/1011/push' where reference = 'shop.tea.1011.2'",
        "one-key-per-push",
    ),
    outside(
        "the warehouse holds other units of the rest",
        lambda dump: outbound(dump, "1011.2")["lines"][0].update(quantity=2),
        "pushed-content",
    ),
    record(
        "a rest was dropped and is not due",
        """
        delete from ledger_postings
        where entry_seq = (select seq from ledger_entries where reference = 'shop/tea/1012/rest/1');
        delete from ledger_entries where reference = 'shop/tea/1012/rest/1';
        update order_money set refund_due_minor = 0 where order_id = 'shop/tea/1012'
        """,
        "dropped-units-owe",
    ),
    record(
        "a dropped rest is due twice",
        """
        insert into ledger_entries (seq, order_id, kind, reference, transaction_id, booked_at, posting_count)
        overriding system value values (900, 'shop/tea/1012', 'refund_due', 'again', 'x', now(), 2);
        insert into ledger_postings select 900, account, amount_minor, currency from ledger_postings
        where entry_seq = (select seq from ledger_entries where reference = 'shop/tea/1012/rest/1');
        update order_money set refund_due_minor = 13600 where order_id = 'shop/tea/1012'
        """,
        "dropped-units-owe",
    ),
    record(
        "units that were handed over count as dropped",
        "update demands set dropped = 1 where order_id = 'shop/tea/1011'",
        "every-unit-goes-once",
        "dropped-units-owe",
        "reserved-stock",
    ),
    record(
        "a dropped rest stays reserved",
        """
        update reservations set quantity = quantity + 1 where order_id = 'shop/tea/1012';
        update stock set reserved = reserved + 1 where sku = 'TEA-GREEN-250'
        """,
        "reserved-stock",
        "shop-levels",  # what stays reserved is not told as free
    ),
    outside(
        "a rest that was stopped still leaves the warehouse",
        lambda dump: outbound(dump, "1014.2").update(state="shipped"),
        "stopped-orders-stay",
    ),
    outside(
        "the warehouse stopped a rest that goes on here",
        lambda dump: outbound(dump, "1011.2").update(state="stopped"),
        "stopped-orders-stay",
    ),
    record(
        "a parcel of the rest is missing",
        "delete from shipments where parcel_no = 'OB1011-2'",
        "parcels",
    ),
)

UNHEARD = record(
    "a rest was pushed and stopped before the answer to its push was heard",
    "delete from outbound_orders where reference = 'shop.tea.1014.2'",
)
