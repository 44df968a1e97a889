"""Three refunds of the small world (goods kept, returned, stopped).

And faults of refunds: moved unasked, unapproved, unbooked, or beyond the payment."""

from tests.verify.planting import Dump, outside, record

_REFUND = """
    insert into refunds (id, order_id, applicant, kind, goods, basis, reason, note, currency, amount_minor,
                         shipping_minor, adjustments, version, decision, repayment, stage, refusal, policy,
                         approval, approval_moves, approved_minor, approved_version, requested_at, updated_at)
    values ('{id}', '{order}', 'ann', 'refund_only', '{goods}', 'sale', 'damaged', '', 'CNY', {amount}, 0, '[]', 1,
            '{decision}', 'under_way', 'paying_back', '', 'refunds@0',
            jsonb_build_object('status', 'approved', 'version', 1,
                               'amount', jsonb_build_object('amount_minor', {amount})),
            2, {amount}, 1, now(), now());
    insert into refund_legs (refund_id, number, out_refund_no, provider, account, trade_no, currency, amount_minor,
                             freight_minor, state, planned_at, updated_at)
    select '{id}', 1, 'no_{id}_1', provider, account, trade_no, currency, {amount}, 0, '{state}', now(), now()
    from payments where order_id = '{order}'
"""
_RETURN = "insert into returns values ('r0', 'buyer', now(), 'sf', 'SF1', now(), '[]'"
_DONE = {
    "id": "r0",
    "order": "shop/tools/2002",
    "amount": 100,
    "decision": "approved",
    "state": "done",
    "goods": "kept",
}
_NEW = _DONE | {"id": "r1", "order": "shop/tea/1001"}
_RETURNED = _DONE | {"id": "r5", "goods": "received"}
_STOPPED = _DONE | {"id": "r6", "goods": "stopped"}
_BOOKED = """
    insert into ledger_entries (seq, order_id, kind, reference, transaction_id, booked_at, posting_count)
    overriding system value
    values ({seq}, 'shop/tools/2002', 'refunded', 'no_{id}_1', 'refund/{id}/refund/1', now(), 2);
    insert into ledger_postings (entry_seq, account, amount_minor, currency)
    values ({seq}, 'buyer_cash', 100, 'CNY'), ({seq}, 'provider_receivable', -100, 'CNY')
"""
_A_UNIT = """
    insert into refund_lines (refund_id, line_id, position, quantity, merchant_discount_minor,
                              platform_subsidy_minor, share_minor, cash_minor)
    select 'r0', line_id, 0, 1, 0, 0, 0, 0 from demands where order_id = 'shop/tools/2002' limit 1
"""
_THREE = (_DONE, _RETURNED, _STOPPED)
PAID_BACK = (
    *(part for each in _THREE for part in _REFUND.format(**each).split(";")),
    *(part for seq, each in enumerate(_THREE, 800) for part in _BOOKED.format(seq=seq, id=each["id"]).split(";")),
    "update order_money set refunded_minor = 300 where order_id = 'shop/tools/2002'",
    _A_UNIT,
    "update refunds set kind = 'return' where id = 'r5'",
    "insert into returns values ('r5', 'buyer', now(), 'sf', 'SF5', now(), '[]', '{\"TOOL-SAW\": 1}', now(), '', '')",
    """
    insert into goods_stops (refund_id, order_id, units, asked_at, answered_at)
    values ('r6', 'shop/tools/2002', '[]', now(), now())
    """,
)


def tell_paid_back(dump: Dump) -> None:
    """What WeChat Pay says of them, the shop, and the warehouse of what came back."""
    numbers = [f"no_{each['id']}_1" for each in _THREE]
    dump["wechatpay"]["refunds"] = [_refund(number, "T2002", 100) for number in numbers]
    dump["wechatpay"]["calls"] += [_call(number, "1.00") for number in numbers]
    dump["shop"]["refunds"] = [_given(str(each["id"])) for each in _THREE]
    found = {"lines": [{"line_id": "1", "sku": "TOOL-SAW"}], "found": [{"line_id": "1", "good": 1}]}
    dump["warehouse"]["returns"] = [{"reference": "r5", **found}]


def _refund(number: str, trade_no: str, amount_minor: int) -> Dump:
    told = {"out_refund_no": number, "trade_no": trade_no, "amount_minor": amount_minor}
    return told | {"currency": "CNY", "state": "done", "done_at": None}


def _given(refund: str) -> Dump:
    told = {"refund": refund, "order": "shop/tools/2002", "has_ended": True, "stage": "paying_back"}
    return told | {"amount_minor": 100, "paid_back_minor": 100}


def _call(number: str, parameters: str) -> Dump:
    call = {"method": "refund", "out_trade_no": "tools_2002", "answer_code": "200"}
    return call | {"out_refund_no": number, "parameters": parameters}


REFUNDS = (
    outside(
        "the shop was given a refund that is not here",
        lambda dump: dump["shop"]["refunds"].append(_given("r9") | {"has_ended": False}),
        "asked-refunds",
    ),
    outside(
        "the shop was shown another amount than went back",
        lambda dump: dump["shop"]["refunds"][0].update(paid_back_minor=99),
        "asked-refunds",
    ),
    outside(
        "a provider paid back what no leg asked for",
        lambda dump: dump["wechatpay"]["refunds"].append(_refund("no_r9_1", "T2002", 1)),
        "refunds-are-legs",
    ),
    outside(
        "one refund number was sent with two amounts",
        lambda dump: dump["wechatpay"]["calls"].append(_call("no_r0_1", "2.00")),
        "one-refund-per-number",
    ),
    record(
        "a leg is of more than its payment brought",
        _REFUND.format(**_NEW | {"amount": 10**7, "state": "unknown"}),
        "legs-within-payments",
    ),
    record(
        "money moves that nobody approved",
        _REFUND.format(**_NEW | {"decision": "pending", "state": "asked"}),
        "refunds-are-approved",
    ),
    record(
        "money moves for goods that nobody stopped",
        _REFUND.format(**_NEW | {"state": "asked", "goods": "to_stop"}),
        "unshipped-goods-were-stopped",
    ),
    record(
        "more units are paid back than ever left",
        "update refund_lines set quantity = 1000 where refund_id = 'r0'",
        "paid-back-goods-had-left",
    ),
    record(
        "more is stock again than came back good",
        _RETURN + ", '{\"TOOL-SAW\": 1}', null, '', '')",
        "returned-stock-was-good",
    ),
    record(
        "money moves for goods that have not come back",
        "update refunds set kind = 'return', goods = 'expected' where id = 'r0'",
        "money-waits-for-returns",
    ),
    record(
        "what went another way went back at the provider, too",
        "update refund_legs set said_by = 'fang', confirmed_by = 'boss' where out_refund_no = 'no_r0_1'",
        "refunds-are-legs",
    ),
    record(
        "a leg is done here alone, and not booked",
        _REFUND.format(**_NEW),
        "refunds-are-legs",
        "refunds-are-booked",
        "order-money",
    ),
)
