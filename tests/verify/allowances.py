"""What looks like a fault and is none: nobody could know better, or somebody was told."""

from tests.verify.planting import Dump, add_call, notice, outside, record, shop_order, trade, unanswered


def an_order_without_answer(dump: Dump) -> None:
    doubtful = {"order_no": "1009", "accepted_at": None, "deliveries": unanswered(None, 503)}
    dump["shop"]["orders"].append(shop_order(dump, "1001") | doubtful)


def money_for_nobody(dump: Dump) -> None:
    unreadable = {"trade_no": "T-odd", "out_trade_no": "no-order-at-all"}
    dump["alipay"]["trades"].append(trade(dump, "1001") | unreadable)
    dump["alipay"]["notices"].append(notice(dump, "N1002") | {"trade_no": "T-odd"})


ALLOWANCES = (
    record(
        "an order was pushed and stopped before the answer to the push was heard",
        "delete from outbound_orders where order_id = 'shop/tea/1005'",
    ),
    record(
        "a crash came between evidence and acceptance, and the next attempt was applied",
        """
        insert into inbound_events (id, received_at, source, message_id, kind, order_id, fact_hash, verdict, body)
        overriding system value
        select 900, received_at, source, message_id, kind, order_id, fact_hash, verdict, body
        from inbound_events where message_id = 'N1002'
        """,
    ),
    record(
        "an accepted event waits for a person",
        "update inbound_events set applied_at = null where message_id = 'N1004'",
    ),
    record(
        "a parcel's message overtook the answer to the push",
        "update outbound_orders set outbound_no = null where order_id = 'shop/tea/1002'",
    ),
    record(
        "a paid order that is not pushed waits for a person",
        """
        delete from outbound_orders where order_id = 'shop/tea/1003';
        update cases set order_id = 'shop/tea/1003', id = 'other' where order_id = 'shop/tea/1007';
        insert into cases select 'again', 'shop/tea/1007', cause, subject, detail, owner, next_action, choices, waits,
                                 attempts, last_error, opened_at, due_at from cases where id = 'other'
        """,
        "pushed-orders",  # the warehouse has it all the same
    ),
    outside("the warehouse does not count its shelves", lambda dump: dump["warehouse"].pop("counted")),
    outside("the shop never learnt whether its order was taken", an_order_without_answer),
    outside(
        "the shop never learnt that its order was taken",
        lambda dump: shop_order(dump, "1004").update(accepted_at=None, deliveries=unanswered(None)),
    ),
    record(
        "a shop that takes no levels is with a person",
        """
        update stock set on_hand = on_hand - 1 where sku = 'CUP-WHITE';
        insert into cases (id, cause, subject, detail, owner, next_action, choices, waits, opened_at, due_at)
        values ('shop', 'levels_not_pushed', 'shop/tea', '', 'all', 'look', '{}', false, now(), now() + interval '1 d')
        """,
    ),
    outside(
        "a forged message never arrived",
        lambda dump: dump["alipay"]["notices"].append(
            notice(dump, "F1001-app") | {"notify_id": "F-lost", "deliveries": unanswered(None)}
        ),
    ),
    outside(
        "a forged message was never sent",
        lambda dump: dump["alipay"]["notices"].append(
            notice(dump, "F1001-app") | {"notify_id": "F-later", "deliveries": []}
        ),
    ),
    outside(
        "an address was mended after the warehouse had refused it",
        lambda dump: dump["warehouse"]["calls"].insert(
            0, dump["warehouse"]["calls"][0] | {"parameters_sha256": "before", "status": 422}
        ),
    ),
    outside(
        "a question about an order has no key",
        add_call(key="", reference="shop.tea.1003", digest="none", verb="look"),
    ),
)
