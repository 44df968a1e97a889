"""The contract of refunds in ports/payments.py for all providers, and their codes one by one."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.payments import alipay_gateway, alipay_refund, wechatpay_gateway, wechatpay_notice, wechatpay_refund
from domain.refund_leg import RefundOutcome
from ports.errors import AnswerNotUnderstood, NeverSent, Unavailable
from tests.contracts.refunds_under_test import AlipayRefunds, Call, RefundsUnderTest, Say, WechatPayRefunds

ALIPAY, WECHATPAY = AlipayRefunds(), WechatPayRefunds()
SIDES: tuple[RefundsUnderTest, ...] = (ALIPAY, WECHATPAY)
CALLS: tuple[Call, ...] = ("refund", "query_refund")
DONE, UNKNOWN, REFUSED, ABNORMAL, NOT_FOUND, SHORT = (
    *(RefundOutcome.DONE, RefundOutcome.UNKNOWN, RefundOutcome.REFUSED),
    *(RefundOutcome.ABNORMAL, RefundOutcome.NOT_FOUND, RefundOutcome.SHORT_OF_BALANCE),
)

# The error tables of the providers' pages about refunds, old spellings included, and what each must become.
ALIPAY_CODES = {
    **dict.fromkeys(("20000", "40005", "ACQ.SYSTEM_ERROR", "ACQ.DISCORDANT_REPEAT_REQUEST"), UNKNOWN),
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": SHORT,
    **dict.fromkeys(("ACQ.BUYER_NOT_EXIST", "ACQ.BUYER_ERROR", "ACQ.BUYER_ENABLE_STATUS_FORBID"), ABNORMAL),
    "ACQ.REFUND_ACCOUNT_NOT_EXIST": ABNORMAL,
    **dict.fromkeys(("ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR", "ACQ.TRADE_NOT_ALLOW_REFUND"), REFUSED),
    **dict.fromkeys(("ACQ.TRADE_HAS_FINISHED", "ACQ.TRADE_HAS_CLOSE", "ACQ.NOT_ALLOW_PARTIAL_REFUND"), REFUSED),
    **dict.fromkeys(("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "ACQ.REASON_TRADE_REFUND_FEE_ERR"), REFUSED),
    **dict.fromkeys(("ACQ.REASON_TRADE_BEEN_FREEZEN", "ACQ.INVALID_PARAMETER", "ACQ.REFUND_FEE_ERROR"), REFUSED),
    **dict.fromkeys(("ACQ.CURRENCY_NOT_SUPPORT", "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND"), REFUSED),
}
WECHATPAY_CODES = {
    **dict.fromkeys(sorted(wechatpay_gateway.OUTAGES), UNKNOWN),
    **dict.fromkeys(("INVALID_REQUEST", "BIZERR_NEED_RETRY"), UNKNOWN),
    **dict.fromkeys(("NOT_ENOUGH", "NOTENOUGH"), SHORT),
    "USER_ACCOUNT_ABNORMAL": ABNORMAL,
    **dict.fromkeys(("PARAM_ERROR", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "NO_AUTH", "NOAUTH"), REFUSED),
    **dict.fromkeys(("RESOURCE_NOT_EXISTS", "TRADE_OVERDUE", "INVALID_TRANSACTIONID", "REFUND_FEE_MISMATCH"), REFUSED),
}
CODES = [
    *((ALIPAY, code, outcome) for code, outcome in ALIPAY_CODES.items()),
    *((WECHATPAY, code, outcome) for code, outcome in WECHATPAY_CODES.items()),
]
LOST = [(side, call, what, say) for side in SIDES for call in CALLS for what, say in side.lost(call)]

each_side = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
each_call = pytest.mark.parametrize("call", CALLS)
each_loss = pytest.mark.parametrize(
    ("side", "call", "say"),
    [(side, call, say) for side, call, _, say in LOST],
    ids=[f"{side.name} {call}: {what}" for side, call, what, _ in LOST],
)


async def asked(side: RefundsUnderTest, call: Call, say: Say) -> Any:
    subject = side.order if call == "refund" else side.question
    return await getattr(side.facing(call, say), call)(subject)


@each_side
@each_call
async def test_money_that_went_back_is_told_with_what_the_provider_says_of_it(
    side: RefundsUnderTest, call: Call
) -> None:
    said, answer = side.done(call)
    assert await asked(side, call, lambda: said) == answer


@each_loss
async def test_an_answer_that_proves_nothing_leaves_a_refund_unknown(
    side: RefundsUnderTest, call: Call, say: Say
) -> None:
    if call == "refund":
        assert (await asked(side, call, say)).outcome is UNKNOWN
    else:
        with pytest.raises((Unavailable, AnswerNotUnderstood)):
            await asked(side, call, say)


@each_side
@each_call
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_request_that_never_left_is_an_outage(
    side: RefundsUnderTest, call: Call, error: type[httpx.RequestError]
) -> None:
    def nobody() -> httpx.Response:
        raise error("refused")

    with pytest.raises(NeverSent):
        await asked(side, call, nobody)


@each_side
@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError])
async def test_a_request_that_may_have_arrived_is_unknown(
    side: RefundsUnderTest, error: type[httpx.RequestError]
) -> None:
    def cut() -> httpx.Response:
        raise error("on the way")

    assert (await asked(side, "refund", cut)).outcome is UNKNOWN


@each_side
async def test_an_account_that_is_not_configured_is_asked_nothing(side: RefundsUnderTest) -> None:
    provider = side.facing("refund", lambda: side.done("refund")[0])
    with pytest.raises(Unavailable, match="nobody"):
        await provider.refund(replace(side.order, account="nobody"))


@each_side
async def test_an_unknown_code_is_no_failure(side: RefundsUnderTest) -> None:
    code = "ACQ.SOMETHING_NEW" if side.name == "alipay" else "SOMETHING_NEW"
    answer = await asked(side, "refund", lambda: side.refusing(code))
    assert (answer.outcome, answer.code) == (UNKNOWN, code)


@pytest.mark.parametrize(("side", "code", "outcome"), CODES, ids=[f"{side.name} {code}" for side, code, _ in CODES])
async def test_each_refusal_has_its_meaning(side: RefundsUnderTest, code: str, outcome: RefundOutcome) -> None:
    assert (await asked(side, "refund", lambda: side.refusing(code))).outcome is outcome


def test_every_code_that_is_documented_and_no_other_stands_in_one_table() -> None:
    for outages, table, documented in (
        (alipay_gateway.OUTAGES, alipay_refund.REFUND_OUTCOMES, ALIPAY_CODES),
        (wechatpay_gateway.OUTAGES, wechatpay_refund.REFUND_OUTCOMES, WECHATPAY_CODES),
    ):
        assert not outages & set(table)
        assert outages | set(table) == set(documented)


def test_between_them_the_tables_reach_every_outcome() -> None:
    tables = (
        *(alipay_refund.REFUND_OUTCOMES, alipay_refund.QUERY_OUTCOMES, alipay_refund.REFUND_STATES),
        *(wechatpay_refund.REFUND_OUTCOMES, wechatpay_refund.QUERY_OUTCOMES, wechatpay_notice.REFUND_STATES),
    )
    assert {outcome for table in tables for outcome in table.values()} == set(RefundOutcome)
    assert not {DONE, NOT_FOUND} & {*alipay_refund.REFUND_OUTCOMES.values(), *wechatpay_refund.REFUND_OUTCOMES.values()}


@pytest.mark.parametrize("fund_change", ["N", None])
async def test_alipay_that_moved_nothing_just_now_must_be_asked(fund_change: str | None) -> None:
    said = ALIPAY.said("refund", fund_change=fund_change)
    assert (await asked(ALIPAY, "refund", lambda: said)).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(None, NOT_FOUND), ("REFUND_PROCESSING", RefundOutcome.PROCESSING), ("REFUND_ODD", UNKNOWN), (7, UNKNOWN)],
)
async def test_alipays_words_for_a_refund_have_their_meaning(status: object, outcome: RefundOutcome) -> None:
    said = ALIPAY.said("query_refund", refund_status=status)
    assert (await asked(ALIPAY, "query_refund", lambda: said)).outcome is outcome


@pytest.mark.parametrize(
    "changes", [{"out_request_no": "tea_1001_R2"}, {"refund_amount": "1e1"}, {"refund_amount": None}]
)
async def test_alipays_success_must_name_this_refund_and_its_amount(changes: dict[str, Any]) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await asked(ALIPAY, "query_refund", lambda: ALIPAY.said("query_refund", **changes))


@each_call
@pytest.mark.parametrize(("status", "outcome"), [*wechatpay_notice.REFUND_STATES.items(), ("ODD", UNKNOWN)])
async def test_wechat_pays_words_for_a_refund_have_their_meaning(
    call: Call, status: str, outcome: RefundOutcome
) -> None:
    said = WECHATPAY.said(status=status, success_time="")
    answer = await asked(WECHATPAY, call, lambda: said)
    assert (answer.outcome, answer.code, answer.at) == (outcome, status, None)


@pytest.mark.parametrize(
    ("code", "outcome"), [*wechatpay_refund.QUERY_OUTCOMES.items(), ("PARAM_ERROR", UNKNOWN), ("NEW", UNKNOWN)]
)
async def test_each_refusal_of_wechat_pays_query_has_its_meaning(code: str, outcome: RefundOutcome) -> None:
    assert (await asked(WECHATPAY, "query_refund", lambda: WECHATPAY.refusing(code))).outcome is outcome


async def test_alipay_without_the_trade_has_no_refund_of_it() -> None:
    said = ALIPAY.refusing("ACQ.TRADE_NOT_EXIST", "query_refund")
    assert (await asked(ALIPAY, "query_refund", lambda: said)).outcome is NOT_FOUND
