"""Questions to WeChat Pay: what we send, and how its answer is proved."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.http import open_client
from adapters.payments.wechatpay import WechatPay
from domain.money import Money
from ports.clock import FixedClock
from ports.errors import AnswerNotUnderstood
from ports.payments import CloseOutcome, TradeState
from tests.contracts.wechatpay_under_test import WechatPayUnderTest, said_of
from tests.contracts.wechatpay_wire import (
    API,
    MCHID,
    NOW,
    OUT_TRADE_NO,
    PAID,
    PUBLIC_KEY_ID,
    account,
    answer,
    api,
    asked,
    certificate_pem,
    changed,
    public_pem,
    signed,
    wechatpay,
)

QUESTION = WechatPayUnderTest.question
CALLS = {"query": WechatPay.query_trade, "close": WechatPay.close_trade}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


def saying(changes: dict[str, Any]) -> WechatPay:
    return wechatpay(api(lambda _: answer(changed(PAID, changes))))


@each_call
async def test_a_request_is_signed_and_names_the_key_to_be_answered_with(call: Callable[..., Any]) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        asked(request)
        return said_of(TradeState.NOT_FOUND, "query")

    await call(wechatpay(handle), QUESTION)
    await call(wechatpay(handle), QUESTION)
    assert {(request.url.scheme, request.url.host) for request in seen} == {("https", "api.example")}
    assert {request.headers["wechatpay-serial"] for request in seen} == {PUBLIC_KEY_ID}
    assert {request.headers["accept"] for request in seen} == {"application/json"}
    assert len({request.headers["authorization"] for request in seen}) == len(seen)


async def test_the_path_is_signed_with_its_query_as_it_is_sent() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        path = f"/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}?mchid={MCHID}"
        assert asked(request) == ("GET", path)
        assert request.content == b""
        return answer(PAID)

    assert await wechatpay(handle, api_url=f"{API}/").query_trade(QUESTION) == WechatPayUnderTest.paid


async def test_a_question_goes_to_the_account_it_names() -> None:
    hosts: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return answer(PAID)

    other = account(name="other", mchid="1900000200", api_url="https://other.example")
    async with open_client(transport=httpx.MockTransport(handle)) as client:
        await WechatPay([other, account()], client, FixedClock(NOW)).query_trade(QUESTION)
    assert hosts == ["api.example"]


@pytest.mark.parametrize("role", ["public key", "certificate"])
async def test_while_keys_rotate_answers_by_either_count(role: str) -> None:
    assert await wechatpay(api(lambda _: answer(PAID, role=role))).query_trade(QUESTION) == WechatPayUnderTest.paid


async def test_an_answer_by_a_key_of_another_account_decides_nothing() -> None:
    other = account(name="other", mchid="1900000200")
    mine = {"platform_keys": {PUBLIC_KEY_ID: public_pem("public key")}}
    provider = wechatpay(api(lambda _: answer(PAID, role="certificate")), other, **mine)
    with pytest.raises(AnswerNotUnderstood, match="names no key"):
        await provider.query_trade(QUESTION)


async def test_the_signature_covers_the_bytes_of_the_answer() -> None:
    body = json.dumps(PAID, indent=2, ensure_ascii=False).encode() + b"\n"
    good = wechatpay(api(lambda _: httpx.Response(200, content=body, headers=signed("public key", body))))
    assert await good.query_trade(QUESTION) == WechatPayUnderTest.paid
    bad = wechatpay(api(lambda _: httpx.Response(200, content=body.strip(), headers=signed("public key", body))))
    with pytest.raises(AnswerNotUnderstood, match="not signed"):
        await bad.query_trade(QUESTION)


async def test_an_empty_answer_is_signed_too() -> None:
    proved = wechatpay(api(lambda _: answer(None, 204)))
    assert (await proved.close_trade(QUESTION)).outcome is CloseOutcome.CLOSED
    bare = wechatpay(api(lambda _: httpx.Response(204)))
    with pytest.raises(AnswerNotUnderstood, match="204"):
        await bare.close_trade(QUESTION)


@pytest.mark.parametrize("age_seconds", [300, -300])
@each_call
async def test_an_answer_of_another_time_decides_nothing(call: Callable[..., Any], age_seconds: int) -> None:
    async with open_client(transport=httpx.MockTransport(lambda _: answer(None, 204))) as client:
        late = FixedClock(NOW + timedelta(seconds=age_seconds))
        with pytest.raises(AnswerNotUnderstood, match="300 s"):
            await call(WechatPay([account()], client, late), QUESTION)


@pytest.mark.parametrize("missing", ["Signature", "Timestamp", "Nonce", "Serial"])
async def test_a_success_without_one_of_its_headers_decides_nothing(missing: str) -> None:
    def bare(_: str) -> httpx.Response:
        whole = answer(PAID)
        headers = {name: value for name, value in whole.headers.items() if name != f"wechatpay-{missing.lower()}"}
        return httpx.Response(200, content=whole.content, headers=headers)

    with pytest.raises(AnswerNotUnderstood, match=f"wechatpay-{missing.lower()}"):
        await wechatpay(api(bare)).query_trade(QUESTION)


async def test_who_is_turned_away_at_the_door_is_told_why() -> None:
    """Only requests whose signature was right get signed answers."""
    turned_away = wechatpay(api(lambda _: httpx.Response(401, json={"code": "SIGN_ERROR", "message": "x"})))
    with pytest.raises(AnswerNotUnderstood, match="401 SIGN_ERROR"):
        await turned_away.query_trade(QUESTION)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b'{"code":"A","code":"ORDER_NOT_EXIST"}', b"[" * 90_000]
)
@each_call
async def test_a_signed_answer_that_is_no_object_decides_nothing(call: Callable[..., Any], body: bytes) -> None:
    provider = wechatpay(api(lambda _: httpx.Response(404, content=body, headers=signed("public key", body))))
    with pytest.raises(AnswerNotUnderstood):
        await call(provider, QUESTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_state": "NEW"},
        {"trade_state": None},
        {"trade_state": 1},
        {"amount": None},
        {"amount.total": None},
        {"amount.total": "8888"},
        {"amount.total": 88.88},
        {"amount.total": True},
        {"amount.total": 0},
        {"amount.currency": "USD"},
        {"transaction_id": None},
        {"transaction_id": ""},
        {"success_time": None},
        {"success_time": "yesterday"},
        {"appid": None},
        {"appid": "wx0000000000000009"},
        {"mchid": None},
        {"mchid": "1900000109"},
        {"out_trade_no": None},
        {"out_trade_no": "tools_1002"},
    ],
    ids=str,
)
async def test_a_payment_told_in_halves_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await saying(changes).query_trade(QUESTION)


async def test_an_unpaid_trade_of_another_number_is_not_ours() -> None:
    with pytest.raises(AnswerNotUnderstood, match="another trade"):
        await saying({"trade_state": "NOTPAY", "out_trade_no": "tools_1002"}).query_trade(QUESTION)


async def test_total_is_captured_whatever_coupons_left_of_it() -> None:
    paid = await saying({"amount.payer_total": 1, "amount.currency": None}).query_trade(QUESTION)
    assert paid.amount == Money(8888)


async def test_errors_tell_no_secrets() -> None:
    with pytest.raises(AnswerNotUnderstood) as told:
        await saying({"success_time": "yesterday"}).query_trade(QUESTION)
    for secret in (PAID["payer"]["openid"], "yesterday", "signature"):
        assert secret not in str(told.value)


def test_a_certificate_alone_will_do() -> None:
    assert wechatpay(platform_keys={"0A3B5C7D9E1F2031": certificate_pem()}).name == "wechatpay"
