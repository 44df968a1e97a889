"""WeChat Pay's words, one by one: states of trades, codes of refusals."""

from typing import Any

import pytest

from adapters.payments import wechatpay as tables
from adapters.payments.wechatpay import WechatPay
from adapters.payments.wechatpay_gateway import OUTAGES, SUCCESS
from ports.errors import AnswerNotUnderstood, Unavailable
from ports.payments import CloseOutcome, TradeState
from tests.contracts.wechatpay_under_test import WechatPayUnderTest, said_of
from tests.contracts.wechatpay_wire import (
    PAID,
    answer,
    api,
    changed,
    refusal,
    wechatpay,
)

QUESTION = WechatPayUnderTest.question

# The error tables of WeChat Pay's pages "query order by out_trade_no" and "close order", old spellings included,
# and what each must become. A state or outcome: the answer; Unavailable: tried again; AnswerNotUnderstood: a case.
BOTH = {
    "SYSTEM_ERROR": Unavailable,
    "SYSTEMERROR": Unavailable,
    "BANK_ERROR": Unavailable,
    "BANKERROR": Unavailable,
    "RULE_LIMIT": Unavailable,
    "RULELIMIT": Unavailable,
    "FREQUENCY_LIMITED": Unavailable,
    "FREQUENCY_LIMIT_EXCEED": Unavailable,
    "RATELIMIT_EXCEEDED": Unavailable,
    "USER_PAYING": Unavailable,
    "USERPAYING": Unavailable,
    "PARAM_ERROR": AnswerNotUnderstood,
    "SIGN_ERROR": AnswerNotUnderstood,
    "APPID_MCHID_NOT_MATCH": AnswerNotUnderstood,
    "MCH_NOT_EXISTS": AnswerNotUnderstood,
    "ACCOUNT_ERROR": AnswerNotUnderstood,
    "ACCOUNTERROR": AnswerNotUnderstood,
    "NO_AUTH": AnswerNotUnderstood,
    "NOAUTH": AnswerNotUnderstood,
    "NOT_ENOUGH": AnswerNotUnderstood,
    "NOTENOUGH": AnswerNotUnderstood,
    "OUT_TRADE_NO_USED": AnswerNotUnderstood,
    "OPENID_MISMATCH": AnswerNotUnderstood,
    "INVALID_TRANSACTIONID": AnswerNotUnderstood,
}
QUERY = BOTH | {
    "ORDER_NOT_EXIST": TradeState.NOT_FOUND,
    "ORDERNOTEXIST": TradeState.NOT_FOUND,
    "TRADE_ERROR": AnswerNotUnderstood,
    "INVALID_REQUEST": AnswerNotUnderstood,
    "ORDER_CLOSED": AnswerNotUnderstood,
}
CLOSE = BOTH | {
    "ORDER_NOT_EXIST": CloseOutcome.NOTHING_TO_CLOSE,
    "ORDERNOTEXIST": CloseOutcome.NOTHING_TO_CLOSE,
    "ORDER_CLOSED": CloseOutcome.CLOSED,
    "ORDERCLOSED": CloseOutcome.CLOSED,
    "ORDER_PAID": CloseOutcome.ALREADY_PAID,
    "ORDERPAID": CloseOutcome.ALREADY_PAID,
    "TRADE_ERROR": Unavailable,
    "INVALID_REQUEST": Unavailable,
}


def saying(changes: dict[str, Any]) -> WechatPay:
    return wechatpay(api(lambda _: answer(changed(PAID, changes))))


def refusing_to_close(code: str, trade: TradeState) -> WechatPay:
    return wechatpay(api(lambda verb: refusal(403, code) if verb == "close" else said_of(trade, "query")))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("SUCCESS", TradeState.PAID),
        ("REFUND", TradeState.REFUNDED),
        ("NOTPAY", TradeState.UNPAID),
        ("USERPAYING", TradeState.UNPAID),
        ("ACCEPT", TradeState.UNPAID),
        ("PAYERROR", TradeState.UNPAID),
        ("CLOSED", TradeState.CLOSED),
        ("REVOKED", TradeState.CLOSED),
    ],
)
async def test_each_state_of_a_trade_has_its_meaning(word: str, state: TradeState) -> None:
    assert (await saying({"trade_state": word}).query_trade(QUESTION)).state is state
    assert tables.TRADE_STATES[word] is state


def test_the_tables_reach_every_member_of_the_port() -> None:
    assert {*tables.TRADE_STATES.values(), *tables.QUERY_REFUSALS.values()} == set(TradeState)
    by_state = tables.CLOSE_OUTCOMES_BY_STATE
    assert set(tables.CLOSE_OUTCOMES.values()) == set(by_state.values()) == set(CloseOutcome)
    assert set(TradeState) - set(by_state) == {TradeState.UNPAID}


def test_every_code_that_is_documented_and_no_other_stands_in_one_table() -> None:
    query = [set(tables.QUERY_REFUSALS), set(OUTAGES)]
    close = [set(tables.CLOSE_OUTCOMES) - {SUCCESS}, set(tables.CLOSE_UNDECIDED), set(OUTAGES)]
    for documented, named in ((QUERY, query), (CLOSE, close)):
        assert sum(len(table) for table in named) == len(set().union(*named))
        decided = {code for code, meaning in documented.items() if meaning is not AnswerNotUnderstood}
        assert set().union(*named) == decided


@pytest.mark.parametrize(("code", "meaning"), QUERY.items())
async def test_each_refusal_of_a_query_has_its_meaning(code: str, meaning: Any) -> None:
    provider = wechatpay(api(lambda _: refusal(400, code)))
    if isinstance(meaning, TradeState):
        assert (await provider.query_trade(QUESTION)).state is meaning
    else:
        with pytest.raises(meaning, match=code):
            await provider.query_trade(QUESTION)


@pytest.mark.parametrize(("code", "meaning"), CLOSE.items())
async def test_each_refusal_of_a_close_has_its_meaning(code: str, meaning: Any) -> None:
    provider = refusing_to_close(code, TradeState.UNPAID)
    if isinstance(meaning, CloseOutcome):
        assert (await provider.close_trade(QUESTION)).outcome is meaning
    else:
        with pytest.raises(meaning, match=code):
            await provider.close_trade(QUESTION)


@pytest.mark.parametrize("code", sorted(tables.CLOSE_UNDECIDED))
@pytest.mark.parametrize(("trade", "outcome"), tables.CLOSE_OUTCOMES_BY_STATE.items())
async def test_a_close_refused_without_saying_why_asks(code: str, trade: TradeState, outcome: CloseOutcome) -> None:
    assert (await refusing_to_close(code, trade).close_trade(QUESTION)).outcome is outcome


async def test_a_trade_too_young_to_be_closed_is_closed_by_a_later_attempt() -> None:
    with pytest.raises(Unavailable, match="still unpaid; too early"):
        await refusing_to_close("TRADE_ERROR", TradeState.UNPAID).close_trade(QUESTION)
