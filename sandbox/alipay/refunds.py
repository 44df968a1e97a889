"""Refunds in Alipay's words."""

from sandbox.alipay.words import SUCCESS, Answer, failure
from sandbox.pace import alipay_time
from sandbox.payments.refunds import Denial, Refund, RefundBook, RefundState
from sandbox.payments.trades import Trade
from sandbox.yuan import minor, yuan

DENIALS: dict[Denial, Answer] = {
    Denial.NO_TRADE: failure("ACQ.TRADE_NOT_EXIST", "交易不存在"),
    Denial.TOO_LATE: failure("ACQ.TRADE_HAS_FINISHED", "交易已完结"),
    Denial.OTHER_PARAMETERS: failure("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致"),
    Denial.TOO_MUCH: failure("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"),
    Denial.SHORT_OF_BALANCE: failure("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"),
}
INVALID = failure("ACQ.INVALID_PARAMETER", "参数无效")


def refund(book: RefundBook, trade: Trade | None, asked: dict[str, str]) -> Answer:
    """`fund_change` tells whether this very call moved money."""
    amount, number = minor(asked.get("refund_amount", "")), asked.get("out_request_no", "")
    if amount is None or not number:
        return INVALID
    found = book.ask(trade, number, amount, asked.get("refund_reason", ""))
    if isinstance(found, Denial):
        return DENIALS[found]
    moved = found.times_asked == 1 and found.state is RefundState.DONE
    sums = {"refund_fee": yuan(found.trade.refunded_minor), "fund_change": "Y" if moved else "N"}
    return SUCCESS | _names(found) | sums | _time(found)


def query(book: RefundBook, asked: dict[str, str]) -> Answer:
    """Until the money is back there is nothing to tell, as if nobody had asked for it."""
    found = book.find(asked.get("out_request_no", ""))
    if found is None or found.trade.out_trade_no != asked.get("out_trade_no") or found.done_at is None:
        return SUCCESS
    amounts = {"refund_amount": yuan(found.amount_minor), "total_amount": yuan(found.trade.amount_minor)}
    numbers = {"out_request_no": found.out_refund_no, "refund_status": "REFUND_SUCCESS"}
    return SUCCESS | _names(found) | amounts | numbers | _time(found)


def _names(found: Refund) -> Answer:
    return {"trade_no": found.trade.trade_no, "out_trade_no": found.trade.out_trade_no}


def _time(found: Refund) -> Answer:
    return {} if found.done_at is None else {"gmt_refund_pay": alipay_time(found.done_at)}
