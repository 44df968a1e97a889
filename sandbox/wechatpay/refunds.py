"""Refunds in WeChat Pay's words."""

import json
from http import HTTPStatus

from sandbox.pace import wechat_time
from sandbox.payments.refunds import Denial, Refund, RefundBook, RefundState
from sandbox.payments.trades import TradeBook

Json = dict[str, object]
Answer = tuple[HTTPStatus, Json | None]

SETTLED_AFTER = 60.0  # the world's seconds
APART = 60.0  # from one refund of a trade to its next
WORDS = {
    RefundState.PROCESSING: "PROCESSING",
    RefundState.DONE: "SUCCESS",
    RefundState.ABNORMAL: "ABNORMAL",
    RefundState.CLOSED: "CLOSED",
}
DENIALS = {
    Denial.NO_TRADE: (HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS"),
    Denial.TOO_LATE: (HTTPStatus.BAD_REQUEST, "TRADE_OVERDUE"),
    Denial.OTHER_PARAMETERS: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST"),
    Denial.TOO_MUCH: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST"),
    Denial.TOO_SOON: (HTTPStatus.TOO_MANY_REQUESTS, "FREQUENCY_LIMITED"),
    Denial.SHORT_OF_BALANCE: (HTTPStatus.FORBIDDEN, "NOT_ENOUGH"),
}


def read(body: bytes) -> Json:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def refund(book: RefundBook, trades: TradeBook, asked: Json) -> Answer:
    """`total` must be what the trade had brought."""
    amount, number = asked.get("amount"), str(asked.get("out_refund_no", ""))
    trade = trades.find(str(asked.get("out_trade_no", "")))
    if not isinstance(amount, dict) or not isinstance(amount.get("refund"), int) or not number:
        return _denied(HTTPStatus.BAD_REQUEST, "PARAM_ERROR")
    if trade is not None and (amount.get("total"), amount.get("currency")) != (trade.amount_minor, "CNY"):
        return _denied(HTTPStatus.BAD_REQUEST, "PARAM_ERROR")
    found = book.ask(trade, number, amount["refund"], str(asked.get("reason", "")))
    return _denied(*DENIALS[found]) if isinstance(found, Denial) else (HTTPStatus.OK, told(found, "status"))


def query(book: RefundBook, out_refund_no: str) -> Answer:
    found = book.find(out_refund_no)
    if found is None:
        return _denied(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS")
    return HTTPStatus.OK, told(found, "status")


def told(found: Refund, status: str) -> Json:
    """`status` is what the word is called: another one in notices than in answers."""
    total, amount = found.trade.amount_minor, found.amount_minor
    said: Json = {
        "refund_id": f"5{found.refund_no[1:]}",
        "out_refund_no": found.out_refund_no,
        "transaction_id": found.trade.trade_no,
        "out_trade_no": found.trade.out_trade_no,
        status: WORDS[found.state],
        "user_received_account": "支付用户零钱",
        "amount": {"total": total, "refund": amount, "payer_total": total, "payer_refund": amount, "currency": "CNY"},
    }
    return said if found.done_at is None else said | {"success_time": wechat_time(found.done_at)}


def _denied(status: HTTPStatus, code: str) -> Answer:
    return status, {"code": code, "message": "退款申请未受理"}
