"""Faults between the warehouse, the shop's shelves and the record."""

from tests.verify.planting import add_call, outbound, outside, push_of, record, shop_level, shop_order

WAREHOUSE = (
    record(
        "a push is not recorded",
        "delete from outbound_orders where order_id = 'shop/tea/1003'",
        "pushed-orders",
        "paid-orders-pushed",
    ),
    outside(
        "a push never reached the warehouse",
        lambda dump: dump["warehouse"]["outbound"].remove(outbound(dump, "1003")),
        "pushed-orders",
    ),
    outside(
        "a push was repeated under another key",
        lambda dump: outbound(dump, "1003")["idempotency_keys"].append("second"),
        "one-key-per-push",
    ),
    outside(
        "a refused push was tried again under another key",
        add_call(key="second", reference="shop.tea.1003", digest="sha 1003"),
        "one-key-per-push",
    ),
    outside(
        "one key came with other parameters",
        add_call(key="order/shop/tea/1003/push", reference="shop.tea.1003", digest="other"),
        "one-key-per-push",
    ),
    outside(
        "one key stood for two requests",
        add_call(key="order/shop/tea/1003/push", reference="shop.tea.1003", digest="sha 1003", verb="intercept"),
        "one-key-per-push",
    ),
    record(
        "the record names another key",
        "update outbound_orders set transaction_id = 'other' where order_id = 'shop/tea/1003'",
        "one-key-per-push",
    ),
    outside(
        "an unpaid order is at the warehouse",
        push_of("1004"),
        "pushed-orders",
        "only-paid-orders-pushed",
    ),
    record(
        "a pushed order counts as unpaid",
        "update orders set payment = 'unpaid' where id = 'shop/tea/1003'",
        "only-paid-orders-pushed",
        "paid-orders-pushed",
        "axes-follow-audit",
    ),
    record(
        "goods left twice: by the warehouse and another way",
        "update outbound_orders set outside_shipment_no = 'SF-else' where order_id = 'shop/tea/1003'",
        "pushed-orders",
    ),
    outside(
        "the warehouse was given too many units",
        lambda dump: outbound(dump, "1003")["lines"][0].update(quantity=3),
        "pushed-content",
    ),
    record(
        "a parcel is missing",
        "delete from shipments where parcel_no = 'OB1002-2'",
        "parcels",
    ),
    record(
        "a parcel is there that never left",
        """
        insert into shipments values ('shop/tea/1003', 'OB1003-1', 'sf', 'SF1', '{"1": 2}', now(), null)
        """,
        "parcels",
    ),
    record(
        "a delivery is not recorded",
        "update shipments set delivered_at = null where parcel_no = 'OB1001-1'",
        "parcels",
    ),
    record(
        "a parcel holds other units",
        """update shipments set contents = '{"1": 1}' where parcel_no = 'OB1001-1'""",
        "parcels",
    ),
    outside(
        "a stopped order still leaves the warehouse",
        lambda dump: outbound(dump, "1005").update(state="shipped"),
        "stopped-orders-stay",
    ),
    outside(
        "the warehouse stopped an order that goes on here",
        lambda dump: outbound(dump, "1003").update(state="stopped"),
        "stopped-orders-stay",
    ),
    outside(
        "a unit is on hand that nobody put on the shelves",
        lambda dump: dump["warehouse"].update(counted={"TEA-PUER-357": 999}),
        "stock-on-hand",
    ),
    outside(
        "a cancellation was never decided",
        lambda dump: shop_order(dump, "1003").update(cancelled=True),
        "cancellations-decided",
    ),
)

LEVELS = (
    outside(
        "a shop was never told of a sku",
        lambda dump: dump["shop"]["levels"].remove(shop_level(dump, "TEA-CUP")),
        "shop-levels",
    ),
    outside(
        "a shop shows more than there is",
        lambda dump: shop_level(dump, "TEA-GREEN-250").update(available=998),
        "shop-levels",
    ),
    outside(
        "a shop shows less of a bundle than could be sold",
        lambda dump: shop_level(dump, "TEA-GIFTBOX").update(available=499),
        "shop-levels",
    ),
    outside(
        "a shop shows what is no sku of it",
        lambda dump: dump["shop"]["levels"].append(shop_level(dump, "TEA-CUP") | {"platform_sku": "TEA-NOBODYS"}),
        "shop-levels",
    ),
    outside(
        "a shop that listens was told nothing at all",
        lambda dump: dump["shop"]["levels"].clear(),
        "shop-levels",
    ),
    record(
        "a counted level was never told",
        "update stock set on_hand = on_hand - 1 where sku = 'CUP-WHITE'",
        "shop-levels",
    ),
    record(
        "a shop takes no levels and nobody owns the case",
        """
        update stock set on_hand = on_hand - 1 where sku = 'CUP-WHITE';
        insert into cases (id, cause, subject, detail, owner, next_action, choices, waits, opened_at, due_at)
        values ('shop', 'levels_not_pushed', 'shop/tea', '', ' ', 'look', '{}', false, now(), now() + interval '1 d')
        """,
        "shop-levels",
        "cases-have-owners",
    ),
    record(
        "a new match was never told",
        """
        insert into sku_matches
        select channel, shop_id, platform_sku, 2, '[{"sku": "TEA-CUP", "quantity": 3}]', now()
        from sku_matches where platform_sku = 'TEA-CUP'
        """,
        "shop-levels",
    ),
)
