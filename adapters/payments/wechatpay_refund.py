"""Refunds at WeChat Pay: money back by the route of one trade, once per `out_refund_no` and merchant.

Calls, fields and codes: WeChat Pay's merchant documentation, "apply for a refund" and "query one refund".
Where its result is told by a notice, that goes to the address set for refunds in WeChat Pay's merchant platform.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from adapters.payments.refund_answers import lost_is_unknown
from adapters.payments.wechatpay_gateway import SUCCESS, WechatPayGateway
from adapters.payments.wechatpay_notice import REFUND_STATES, Refund, wrong_fields
from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.errors import AnswerNotUnderstood
from ports.payments import RefundAnswer, RefundOrder, RefundQuestion

LONGEST_REASON_BYTES = 80

# By the code of the call; a code that stands in no table is UNKNOWN. The gateway's OUTAGES are, too. WeChat Pay's older
# pages write the codes without some of the underscores.
REFUND_OUTCOMES = {
    "NOT_ENOUGH": RefundOutcome.SHORT_OF_BALANCE,
    "NOTENOUGH": RefundOutcome.SHORT_OF_BALANCE,
    "USER_ACCOUNT_ABNORMAL": RefundOutcome.ABNORMAL,
    # "Against a rule of the business": also said of a number that was used before with other parameters.
    "INVALID_REQUEST": RefundOutcome.UNKNOWN,
    "BIZERR_NEED_RETRY": RefundOutcome.UNKNOWN,
    "APPID_MCHID_NOT_MATCH": RefundOutcome.REFUSED,
    "INVALID_TRANSACTIONID": RefundOutcome.REFUSED,
    "MCH_NOT_EXISTS": RefundOutcome.REFUSED,
    "NO_AUTH": RefundOutcome.REFUSED,
    "NOAUTH": RefundOutcome.REFUSED,
    "PARAM_ERROR": RefundOutcome.REFUSED,
    "REFUND_FEE_MISMATCH": RefundOutcome.REFUSED,
    "RESOURCE_NOT_EXISTS": RefundOutcome.REFUSED,  # the trade
    "TRADE_OVERDUE": RefundOutcome.REFUSED,  # paid more than a year ago
}
QUERY_OUTCOMES = {
    "RESOURCE_NOT_EXISTS": RefundOutcome.NOT_FOUND,
    "REFUND_NOT_EXISTS": RefundOutcome.NOT_FOUND,
    "REFUNDNOTEXIST": RefundOutcome.NOT_FOUND,
}


async def refund(gateway: WechatPayGateway, order: RefundOrder) -> RefundAnswer:
    return await lost_is_unknown(_refund(gateway, order))


async def _refund(gateway: WechatPayGateway, order: RefundOrder) -> RefundAnswer:
    """`total` is what the trade had brought; WeChat Pay holds it against its own book."""
    currency = order.amount.currency
    amount = {"refund": order.amount.amount_minor, "total": order.captured.amount_minor, "currency": currency}
    content: dict[str, object] = {
        "out_trade_no": order.out_trade_no,
        "out_refund_no": order.out_refund_no,
        "amount": amount,
    }
    if order.reason:
        content["reason"] = order.reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore")
    code, said = await gateway.refund(content)
    if code != SUCCESS:
        return RefundAnswer(REFUND_OUTCOMES.get(code, RefundOutcome.UNKNOWN), code=code)
    return _told(said, order)


async def query_refund(gateway: WechatPayGateway, question: RefundQuestion) -> RefundAnswer:
    code, said = await gateway.query_refund(question.out_refund_no)
    if code != SUCCESS:
        return RefundAnswer(QUERY_OUTCOMES.get(code, RefundOutcome.UNKNOWN), code=code)
    return _told(said, question)


def _told(said: Mapping[str, Any], about: RefundOrder | RefundQuestion) -> RefundAnswer:
    try:
        found = Refund.model_validate(said)
    except ValidationError as error:
        raise AnswerNotUnderstood(f"refund: wrong or missing: {wrong_fields(error)}") from None
    if (found.out_refund_no, found.out_trade_no) != (about.out_refund_no, about.out_trade_no):
        raise AnswerNotUnderstood("refund: an answer about another refund")
    if found.amount.currency not in {None, about.amount.currency}:
        raise AnswerNotUnderstood(f"refund: amount.currency is not {about.amount.currency}")
    return RefundAnswer(
        REFUND_STATES.get(found.status, RefundOutcome.UNKNOWN),
        refund_no=found.refund_id,
        amount=Money(found.amount.refund, about.amount.currency),
        at=found.success_time,
        code=found.status,
    )
