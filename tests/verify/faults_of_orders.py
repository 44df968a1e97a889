"""Faults of money and of orders."""

from tests.verify.planting import outside, record, shop_order, trade

MONEY = (
    record(
        "a payment is missing",
        "delete from payments where trade_no = 'T1003'",
        "captured-money",
        "silent-trades-found",
        "receivable-is-captured",
        "order-money",
        "audited-payments",
    ),
    record(
        "a payment's amount is one fen off",
        "update payments set amount_minor = amount_minor + 1 where trade_no = 'T1002'",
        "captured-money",
        "receivable-is-captured",
        "order-money",
        "audited-payments",
    ),
    record(
        "a payment is booked for another order",
        "update payments set order_id = 'shop/tea/1002' where trade_no = 'T1008_2'",
        "captured-money",
        "receivable-is-captured",
        "order-money",
        "held-apart-money",
        "dropped-units-owe",
        "audited-payments",
    ),
    record(
        "a payment is of another currency",
        "update payments set currency = 'USD' where trade_no = 'T1002'",
        "captured-money",
        "audited-payments",
    ),
    record(
        "a payment is of the wrong hour",
        "update payments set paid_at = paid_at + interval '8 hours' where trade_no = 'T1002'",
        "captured-money",
    ),
    record(
        "a payment went to another account",
        "update payments set account = 'other' where trade_no = 'T1002'",
        "captured-money",
        "receivable-is-captured",
    ),
    record(
        "a payment is there that nobody paid",
        """
        insert into payments (provider, account, trade_no, order_id, part, amount_minor, currency, paid_at, matched,
                              source, recorded_at)
        values ('alipay', 'main', 'T-none', 'shop/tea/1006', 1, 14400, 'CNY', now(), true, 'notice', now())
        """,
        "captured-money",
        "receivable-is-captured",
        "order-money",
        "stopped-orders-owe-all",
        "audited-payments",
    ),
    record(
        "a payment claims a notice that never came",
        "update payments set source = 'notice' where trade_no = 'T1003'",
        "silent-trades-found",
        "audited-payments",
    ),
    outside(
        "a payment claims a query that was never answered",
        lambda dump: dump["alipay"]["calls"].clear(),
        "silent-trades-found",
    ),
    record(
        "a payment was booked at the other provider",
        "update payments set provider = 'alipay' where trade_no = 'T2001'",
        "captured-money",
        "receivable-is-captured",
    ),
    outside(
        "WeChat Pay was never asked about what a query is said to have found",
        lambda dump: dump["wechatpay"]["calls"].clear(),
        "silent-trades-found",
    ),
    outside(
        "a trade was paid at WeChat Pay and nobody knows",
        lambda dump: dump["wechatpay"]["trades"].append(trade(dump, "2001") | {"trade_no": "T2001-again"}),
        "captured-money",
        "silent-trades-found",
    ),
    outside(
        "a trade was paid and nobody knows",
        lambda dump: trade(dump, "1006").update(state="paid", paid_at="2026-11-22T04:31:00Z"),
        "captured-money",
        "silent-trades-found",
    ),
    outside(
        "a trade of a closed order can still be paid",
        lambda dump: trade(dump, "1006").update(state="waiting"),
        "ended-trades-closed",
    ),
)


ORDERS = (
    outside(
        "an order that was accepted is not in the record",
        lambda dump: dump["shop"]["orders"].append(shop_order(dump, "1001") | {"order_no": "1009"}),
        "shop-orders",
    ),
    outside(
        "an order is in the record that nobody placed",
        lambda dump: dump["shop"]["orders"].remove(shop_order(dump, "1004")),
        "shop-orders",
    ),
    record(
        "an order's amount is another one",
        "update orders set amount_minor = amount_minor + 1 where id = 'shop/tea/1001'",
        "shop-orders",
    ),
    record(
        "a payment plan does not sum to the order",
        "update payment_plan set amount_minor = amount_minor - 1 where order_id = 'shop/tea/1004'",
        "shop-orders",
    ),
    record(
        "a line has another quantity",
        "update order_lines set quantity = 3 where order_id = 'shop/tea/1001'",
        "order-lines",
    ),
    record(
        "a gift box lacks a cup",
        "update demands set quantity = 1 where order_id = 'shop/tea/1002' and sku = 'CUP-WHITE'",
        "demands-follow-lines",
        "every-unit-goes-once",
        "reserved-stock",
    ),
    record(
        "an unmatched line takes stock",
        "insert into demands values ('shop/tea/1007', '1', 'CUP-WHITE', 1, 5200)",
        "demands-follow-lines",
    ),
)
