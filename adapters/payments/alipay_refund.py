"""Refunds at Alipay: money back by the route of one trade, once per `out_request_no`.

Calls, fields and codes: open-docs of Alipay, "alipay.trade.refund" and "alipay.trade.fastpay.refund.query".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.payments.alipay_gateway import SUCCESS, AlipayGateway
from adapters.payments.alipay_notice import refunded_at, yuan
from adapters.payments.refund_answers import lost_is_unknown
from domain.errors import InvalidMoney
from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.errors import AnswerNotUnderstood
from ports.payments import RefundAnswer, RefundOrder, RefundQuestion

REFUND = "alipay.trade.refund"
QUERY = "alipay.trade.fastpay.refund.query"
LONGEST_REASON = 256

# By the code of the call; a code that stands in no table is UNKNOWN. The gateway's OUTAGES are, too.
REFUND_OUTCOMES = {
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": RefundOutcome.SHORT_OF_BALANCE,
    # The number was used with other parameters: what became of that first request, this answer does not say.
    "ACQ.DISCORDANT_REPEAT_REQUEST": RefundOutcome.UNKNOWN,
    "ACQ.BUYER_ENABLE_STATUS_FORBID": RefundOutcome.ABNORMAL,
    "ACQ.BUYER_ERROR": RefundOutcome.ABNORMAL,
    "ACQ.BUYER_NOT_EXIST": RefundOutcome.ABNORMAL,
    "ACQ.REFUND_ACCOUNT_NOT_EXIST": RefundOutcome.ABNORMAL,
    "ACQ.CURRENCY_NOT_SUPPORT": RefundOutcome.REFUSED,
    "ACQ.INVALID_PARAMETER": RefundOutcome.REFUSED,
    "ACQ.NOT_ALLOW_PARTIAL_REFUND": RefundOutcome.REFUSED,
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND": RefundOutcome.REFUSED,
    "ACQ.REASON_TRADE_BEEN_FREEZEN": RefundOutcome.REFUSED,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": RefundOutcome.REFUSED,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": RefundOutcome.REFUSED,
    "ACQ.REFUND_FEE_ERROR": RefundOutcome.REFUSED,
    "ACQ.TRADE_HAS_CLOSE": RefundOutcome.REFUSED,
    "ACQ.TRADE_HAS_FINISHED": RefundOutcome.REFUSED,
    "ACQ.TRADE_NOT_ALLOW_REFUND": RefundOutcome.REFUSED,
    "ACQ.TRADE_NOT_EXIST": RefundOutcome.REFUSED,
    "ACQ.TRADE_STATUS_ERROR": RefundOutcome.REFUSED,
}
QUERY_OUTCOMES = {
    "ACQ.TRADE_NOT_EXIST": RefundOutcome.NOT_FOUND,
}
# By refund_status of a query that was answered. Without one Alipay has no refund of this number, or none yet.
REFUND_STATES = {
    None: RefundOutcome.NOT_FOUND,
    "REFUND_SUCCESS": RefundOutcome.DONE,
    "REFUND_PROCESSING": RefundOutcome.PROCESSING,
}


async def refund(gateway: AlipayGateway, order: RefundOrder) -> RefundAnswer:
    return await lost_is_unknown(_refund(gateway, order))


async def _refund(gateway: AlipayGateway, order: RefundOrder) -> RefundAnswer:
    """`fund_change` N: this call moved nothing, an earlier one may have. The sum it tells is that of all refunds."""
    content = {"refund_amount": order.amount.decimal, "out_request_no": order.out_refund_no}
    if order.reason:
        content["refund_reason"] = order.reason[:LONGEST_REASON]
    code, said = await gateway.ask(REFUND, order.out_trade_no, content)
    if code != SUCCESS:
        return RefundAnswer(REFUND_OUTCOMES.get(code, RefundOutcome.UNKNOWN), code=code)
    if said.get("fund_change") != "Y":
        return RefundAnswer(RefundOutcome.UNKNOWN, code=f"{SUCCESS}/N")
    return RefundAnswer(RefundOutcome.DONE, at=_at(said), code=code)


async def query_refund(gateway: AlipayGateway, question: RefundQuestion) -> RefundAnswer:
    content = {"out_request_no": question.out_refund_no, "query_options": ["gmt_refund_pay"]}
    code, said = await gateway.ask(QUERY, question.out_trade_no, content, naming=False)
    if code != SUCCESS:
        return RefundAnswer(QUERY_OUTCOMES.get(code, RefundOutcome.UNKNOWN), code=code)
    status = said.get("refund_status")
    outcome = REFUND_STATES.get(status, RefundOutcome.UNKNOWN) if _is_word(status) else RefundOutcome.UNKNOWN
    if outcome is not RefundOutcome.DONE:
        return RefundAnswer(outcome, code=code)
    named = (said.get("out_trade_no"), said.get("out_request_no"))
    if named != (question.out_trade_no, question.out_refund_no):
        raise AnswerNotUnderstood(f"{QUERY}: an answer about another refund")
    return RefundAnswer(outcome, amount=_amount(said, question.amount.currency), at=_at(said), code=code)


def _is_word(status: object) -> bool:
    return status is None or isinstance(status, str)


def _amount(said: Mapping[str, Any], currency: str) -> Money:
    try:
        return yuan(str(said.get("refund_amount")), currency)
    except InvalidMoney:
        raise AnswerNotUnderstood(f"{QUERY}: refund_amount is no amount of {currency}") from None


def _at(said: Mapping[str, Any]) -> datetime | None:
    return refunded_at(said.get("gmt_refund_pay"))
