"""The outside's own books in the form that the verifier reads (verify/dump.py)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.payment import Capture
from domain.reference import BAZAAR, OWN_SHOP
from domain.shipment import Parcel
from drill.virtual import goods
from drill.virtual.bank import Entry
from drill.virtual.edge import Delivery
from drill.virtual.life import Life
from drill.virtual.marketplace import Marketplace
from drill.virtual.matrix import REFUND_CALLS, Call, Message
from drill.virtual.outside import Provider, Warehouse
from drill.virtual.plan import provider_of
from drill.virtual.post import Letter, Post
from drill.virtual.wire import Booked
from ports.payments import TradeAnswer, TradeState

METHODS = {
    "alipay": {
        Call.QUERY: "alipay.trade.query",
        Call.CLOSE: "alipay.trade.close",
        Call.PAY_BACK: "alipay.trade.refund",
        Call.PAID_BACK: "alipay.trade.fastpay.refund.query",
    },
    "wechatpay": {Call.QUERY: "query", Call.CLOSE: "close", Call.PAY_BACK: "refund", Call.PAID_BACK: "query_refund"},
}
SUCCESS = {"alipay": "10000", "wechatpay": "200"}
STATES = {TradeState.PAID: "paid", TradeState.CLOSED: "closed", TradeState.UNPAID: "waiting"}
VERBS = {Call.PUSH: "push", Call.STOP: "intercept", Call.EXPECT: "expect_return"}
OK = 200
Json = dict[str, Any]


def dump(
    lives: Iterable[Life],
    providers: Iterable[Provider],
    warehouse: Warehouse,
    market: Marketplace,
    post: Post,
    counted: Mapping[str, int],
) -> Json:
    """`counted`: units per sku that ever were put on the shelves."""
    letters = post.letters
    own = [life for life in lives if life.order_id.channel == OWN_SHOP]
    return {
        **{provider.name: _at_provider(provider, letters) for provider in providers},
        "warehouse": {
            "outbound": [_outbound(warehouse, ref) for ref in sorted({*warehouse.pushed_at, *warehouse.stopped})],
            "calls": [_call(call) for call in warehouse.wire.booked],
            "returns": [_return(warehouse, reference) for reference in sorted(warehouse.returns)],
            "messages": [_message(letter) for letter in letters if letter.message is Message.PARCEL],
            "counted": dict(counted),
        },
        "shop": {
            "orders": [_order(life, letters) for life in own if _sent(life, letters, Message.ORDER)],
            "levels": [],
            "listening": [],
        },
        BAZAAR: {"orders": [_sold(life, capture) for life, capture in post.settled_with], **market.dump},
    }


def _at_provider(provider: Provider, letters: Iterable[Letter]) -> Json:
    own = [letter for letter in letters if provider_of(letter.life.order_id.shop_id) == provider.name]
    return {
        "trades": [_trade(provider, number) for number in sorted(provider.opened)],
        "refunds": [_refund(entry) for entry in provider.bank.book.values()],
        "notices": [_notice(letter) for letter in own if letter.message in (Message.NOTICE, Message.REFUNDED)],
        "calls": [_question(provider.name, call) for call in provider.wire.booked],
    }


def _trade(provider: Provider, number: str) -> Json:
    unpaid = TradeAnswer(TradeState.CLOSED if number in provider.closed else TradeState.UNPAID, f"T-{number}")
    trade = provider.trades.get(number, unpaid)
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": number,
        "amount_minor": trade.amount.amount_minor if trade.amount else 0,
        "currency": "CNY",
        "state": STATES[trade.state],
        "paid_at": _shown(trade.paid_at),
    }


def _notice(letter: Letter) -> Json:
    return {
        "notify_id": letter.facts["notice_id"],
        "trade_no": letter.facts["trade_no"],
        "expected": "accepted",
        "expected_reason": None,
        "deliveries": _deliveries(letter),
    }


def _question(provider: str, call: Booked) -> Json:
    code = {OK: SUCCESS[provider], None: "cut"}.get(call.status, f"http {call.status}")
    whose = "out_refund_no" if call.call in REFUND_CALLS else "out_trade_no"
    about = {"out_refund_no": "", "out_trade_no": "", whose: call.subject, "parameters": call.parameters_sha256}
    return {"method": METHODS[provider][call.call], "answer_code": code, **about}


def _refund(entry: Entry) -> Json:
    return {
        "out_refund_no": entry.order.out_refund_no,
        "trade_no": entry.order.trade_no,
        "amount_minor": entry.order.amount.amount_minor,
        "currency": "CNY",
        "state": entry.state,
        "done_at": _shown(entry.done_at),
    }


def _outbound(warehouse: Warehouse, reference: str) -> Json:
    """One that was stopped before it was ever pushed is a tombstone, and has no lines."""
    request, parcels = warehouse.outbound.get(reference), warehouse.parcels.get(reference, [])
    state = "stopped" if reference in warehouse.stopped else "shipped" if parcels else "accepted"
    keys = {call.key for call in warehouse.wire.booked if (call.call, call.subject) == (Call.PUSH, reference)}
    return {
        "reference": reference,
        "outbound_no": f"OUT-{reference}",
        "state": state,
        "pushed_at": _shown(warehouse.pushed_at.get(reference)),
        "idempotency_keys": sorted(keys) if request else [],
        "lines": [vars(line) for line in request.lines] if request else [],
        "parcels": [_parcel(parcel) for parcel in parcels],
    }


def _return(warehouse: Warehouse, reference: str) -> Json:
    announced, found = warehouse.returns[reference], warehouse.found.get(reference, ())
    return {
        "reference": reference,
        "order": announced.order_reference,
        "waybill_no": announced.waybill_no,
        "lines": [vars(each) for each in announced.lines],
        "found": [vars(each) for each in found],
    }


def _parcel(parcel: Parcel) -> Json:
    return {
        "parcel_no": parcel.parcel_no,
        "carrier": parcel.carrier,
        "waybill_no": parcel.waybill_no,
        "lines": [vars(each) for each in parcel.contents],
        "shipped_at": _shown(parcel.shipped_at),
        "delivered_at": _shown(parcel.delivered_at),
    }


def _call(call: Booked) -> Json:
    return {
        "verb": VERBS[call.call],
        "reference": call.subject,
        "idempotency_key": call.key,
        "parameters_sha256": call.parameters_sha256,
        "status": call.status,
    }


def _message(letter: Letter) -> Json:
    facts = letter.facts
    return {
        "webhook_id": facts["id"],
        "type": facts["type"],
        "reference": facts["reference"],
        "parcel_no": facts["parcel_no"],
        "deliveries": _deliveries(letter),
    }


def _order(life: Life, letters: Iterable[Letter]) -> Json:
    placed = _sent(life, letters, Message.ORDER)[0]
    cancelled = _sent(life, letters, Message.CANCEL)
    basket = goods.basket(life.plan)
    return {
        "order_no": life.order_id.order_no,
        "shop_id": life.order_id.shop_id,
        "amount_minor": basket.amount_minor,
        "accepted_at": _shown(next((each.at for each in placed.deliveries if each.status), None)),
        "cancelled": any(letter.is_taken for letter in cancelled),
        "lines": list(basket.lines),
        "deliveries": _deliveries(placed),
    }


def _sold(life: Life, capture: Capture) -> Json:
    return {
        "shop_id": life.order_id.shop_id,
        "order_no": life.order_id.order_no,
        "settlement_no": capture.trade_no,
        "amount_minor": capture.amount.amount_minor,
        "paid_at": _shown(capture.paid_at),
    }


def _sent(life: Life, letters: Iterable[Letter], message: Message) -> list[Letter]:
    return [letter for letter in letters if letter.life is life and letter.message is message]


def _deliveries(letter: Letter) -> list[Json]:
    return [_attempt(each) for each in letter.deliveries]


def _attempt(delivery: Delivery) -> Json:
    return {"at": _shown(delivery.at), "status": delivery.status, "answer": delivery.answer}


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
