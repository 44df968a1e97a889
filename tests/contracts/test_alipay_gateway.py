"""Questions to Alipay's gateway: what we send, how its answer is proved, and what each of its words means."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from adapters.http import open_client
from adapters.payments import alipay as tables
from adapters.payments.alipay import CLOSE, QUERY, Alipay
from adapters.payments.alipay_gateway import OUTAGES
from ports.clock import FixedClock
from ports.errors import AnswerNotUnderstood, Unavailable
from ports.payments import CloseOutcome, TradeState
from tests.contracts.alipay_under_test import (
    NOW,
    OUT_TRADE_NO,
    AlipayUnderTest,
    account,
    alipay,
    answer,
    gateway,
    request_fields,
    said_of,
    signed,
)

QUESTION = AlipayUnderTest.question
PAID = said_of(TradeState.PAID, QUERY)
RAW = json.dumps(PAID, separators=(",", ":"))
TWICE = f'"alipay_trade_query_response":{RAW}'


def saying(said: dict[str, Any]) -> Alipay:
    return alipay(gateway(lambda method: answer(method, said)))


def sending(text: str) -> Alipay:
    return alipay(lambda _: httpx.Response(200, text=text))


async def test_a_request_is_signed_with_its_sign_type_and_dated_in_china() -> None:
    seen: list[dict[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", account().gateway_url)
        seen.append(request_fields(request))
        return answer(QUERY, PAID)

    await alipay(handle).query_trade(QUESTION)
    assert seen[0].pop("sign")
    assert seen[0] == {
        "app_id": account().app_id,
        "method": "alipay.trade.query",
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2026-11-22 10:00:30",
        "version": "1.0",
        "biz_content": f'{{"out_trade_no":"{OUT_TRADE_NO}"}}',
    }


async def test_a_question_goes_to_the_account_it_names() -> None:
    asked: list[tuple[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.host, request_fields(request)["app_id"]))
        return answer(QUERY, PAID)

    other = account(name="cup-entity", app_id="2021000000000002", gateway_url="https://other.example/gateway.do")
    async with open_client(transport=httpx.MockTransport(handle)) as client:
        provider = Alipay([other, account()], client, FixedClock(NOW))
        await provider.query_trade(QUESTION)
    assert asked == [("gateway.example", account().app_id)]


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        json.dumps(PAID, indent=2),
        json.dumps({**PAID, "subject": '}{"\\ "sign":"x" 茶'}, ensure_ascii=False),
        json.dumps({**PAID, "subject": "茶\ud83c\udf75"}),
        RAW.replace("/", "\\/"),
    ],
    ids=["compact", "indented", "braces in strings", "escaped", "escaped slashes"],
)
@pytest.mark.parametrize("whole", ['{"%s":%s,"sign":"%s"}', ' {\n"%s" : %s ,\t"sign" : "%s" } \n'])
async def test_the_signature_covers_the_answer_exactly_as_it_was_written(raw: str, whole: str) -> None:
    text = whole % ("alipay_trade_query_response", raw, signed("alipay", raw.encode()))
    assert await sending(text).query_trade(QUESTION) == AlipayUnderTest.paid


async def test_the_sign_may_come_first_and_by_the_next_key() -> None:
    sign = signed("alipay's next", RAW.encode())
    text = f'{{"sign":"{sign}","alipay_cert_sn":"1","alipay_trade_query_response":{RAW}}}'
    assert await sending(text).query_trade(QUESTION) == AlipayUnderTest.paid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"sign":"x"}',
        '{"alipay_trade_query_response":[],"sign":"x"}',
        f'{{"alipay_trade_query_response":{RAW}}}',
        f'{{"alipay_trade_query_response":{RAW},"sign":1}}',
        f'{{"alipay_trade_query_response":{RAW},"sign":"{signed("alipay", RAW.encode())}"}} more',
        f'{{"alipay_trade_query_response":{RAW} ,"sign":"{signed("alipay", (RAW + " ").encode())}"}}',
        f'{{"alipay_trade_query_response":{RAW},{TWICE},"sign":"{signed("alipay", RAW.encode())}"}}',
        '{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}',
        '{"error_response":{}}',
        '{"error_response":"no"}',
    ],
)
async def test_an_answer_that_proves_nothing_decides_nothing(text: str) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await sending(text).query_trade(QUESTION)


@pytest.mark.parametrize("status", [201, 302, 403, 404])
async def test_only_a_plain_200_is_an_answer(status: int) -> None:
    with pytest.raises(AnswerNotUnderstood, match=str(status)):
        await alipay(lambda _: httpx.Response(status, content=answer(QUERY, PAID).content)).query_trade(QUESTION)


async def test_an_answer_in_another_encoding_decides_nothing() -> None:
    with pytest.raises(AnswerNotUnderstood):
        await alipay(lambda _: httpx.Response(200, content='{"茶":1}'.encode("gbk"))).query_trade(QUESTION)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("WAIT_BUYER_PAY", TradeState.UNPAID),
        ("TRADE_SUCCESS", TradeState.PAID),
        ("TRADE_FINISHED", TradeState.PAID),
        ("TRADE_CLOSED", TradeState.REFUNDED),  # it says when it was paid
    ],
)
async def test_each_status_of_a_trade_has_its_state(status: str, state: TradeState) -> None:
    assert (await saying({**PAID, "trade_status": status}).query_trade(QUESTION)).state is state


def test_the_tables_reach_every_member_of_the_port() -> None:
    refunded = {TradeState.REFUNDED}  # told by the time of payment of a trade that is closed
    assert {*tables.TRADE_STATES.values(), *tables.QUERY_REFUSALS.values()} | refunded == set(TradeState)
    by_state = tables.CLOSE_OUTCOMES_BY_STATE
    assert {*tables.CLOSE_OUTCOMES.values(), *by_state.values()} == set(CloseOutcome)
    assert set(TradeState) - set(by_state) == {TradeState.UNPAID}
    assert not OUTAGES & {*tables.QUERY_REFUSALS, *tables.CLOSE_OUTCOMES, *tables.CLOSE_UNDECIDED}


@pytest.mark.parametrize("code", sorted(tables.CLOSE_UNDECIDED))
async def test_a_close_that_came_too_late_asks_why(code: str) -> None:
    undecided = {"code": "40004", "sub_code": code}
    closed = said_of(TradeState.CLOSED, QUERY)
    provider = alipay(gateway(lambda method: answer(method, undecided if method == CLOSE else closed)))
    assert (await provider.close_trade(QUESTION)).outcome is CloseOutcome.CLOSED


async def test_a_close_refused_for_a_trade_that_still_waits_is_repeated() -> None:
    undecided = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}
    unpaid = said_of(TradeState.UNPAID, QUERY)
    provider = alipay(gateway(lambda method: answer(method, undecided if method == CLOSE else unpaid)))
    with pytest.raises(Unavailable, match="unpaid"):
        await provider.close_trade(QUESTION)


async def test_a_close_refused_for_an_unknown_reason_is_not_settled_by_asking() -> None:
    unknown = {"code": "40004", "sub_code": "ACQ.INVALID_PARAMETER"}
    closed = said_of(TradeState.CLOSED, QUERY)
    provider = alipay(gateway(lambda method: answer(method, unknown if method == CLOSE else closed)))
    with pytest.raises(AnswerNotUnderstood):
        await provider.close_trade(QUESTION)


@pytest.mark.parametrize("call", [Alipay.query_trade, Alipay.close_trade])
async def test_an_unknown_code_is_named(call: Callable[..., Any]) -> None:
    with pytest.raises(AnswerNotUnderstood, match=r"ACQ\.INVALID_PARAMETER"):
        await call(saying({"code": "40004", "sub_code": "ACQ.INVALID_PARAMETER"}), QUESTION)
    with pytest.raises(AnswerNotUnderstood, match="40006"):
        await call(saying({"code": "40006", "sub_code": "isv.insufficient-isv-permissions"}), QUESTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_status": "TRADE_NEW"},
        {"trade_status": "ACQ.TRADE_NOT_EXIST"},
        {"trade_status": None},
        {"total_amount": "88.888"},
        {"total_amount": 88.88},
        {"total_amount": None},
        {"trade_no": None},
        {"trade_no": ""},
        {"send_pay_date": "yesterday"},
        {"send_pay_date": None},
        {"out_trade_no": None},
        {"out_trade_no": "tea_1002"},
        {"trans_currency": "USD"},
        {"code": 10000},
    ],
    ids=str,
)
async def test_a_payment_told_in_halves_is_not_believed(changes: dict[str, Any]) -> None:
    said = {name: value for name, value in {**PAID, **changes}.items() if value is not None}
    with pytest.raises(AnswerNotUnderstood):
        await saying(said).query_trade(QUESTION)


async def test_a_refusal_about_another_trade_is_not_believed() -> None:
    said = said_of(TradeState.NOT_FOUND, QUERY) | {"out_trade_no": "tea_1002"}
    with pytest.raises(AnswerNotUnderstood, match="another trade"):
        await saying(said).query_trade(QUESTION)
