import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.sandbox.town_under_test import Scene, in_process

QUERY, CLOSE = "alipay.trade.query", "alipay.trade.close"


def signed(scene: Scene, **changed: str) -> dict[str, str]:
    fields = {
        "app_id": scene.town.world.accounts.app_id,
        "method": QUERY,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2026-11-22 10:00:00",
        "version": "1.0",
        "app_auth_token": "",
        "biz_content": '{"out_trade_no": "tea_1"}',
    } | changed
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
    signature = scene.town.world.app_private.sign(text.encode(), PKCS1v15(), SHA256())
    return fields | {"sign": base64.b64encode(signature).decode()}


async def ask(scene: Scene, method: str = QUERY, **changed: str) -> dict[str, Any]:
    """The answer's inner object, its signature verified over the raw text."""
    answer = await scene.http.post("/alipay/gateway.do", data=signed(scene, method=method, **changed))
    assert answer.status_code == 200
    name = method.replace(".", "_") + "_response"
    head, tail = f'{{"{name}":', ',"sign":"'
    raw, signature = answer.text.removeprefix(head).rsplit(tail, 1)
    public = scene.town.world.alipay_private.public_key()
    public.verify(base64.b64decode(signature.removesuffix('"}')), raw.encode(), PKCS1v15(), SHA256())
    assert json.loads(answer.text)[name] == json.loads(raw)
    found: dict[str, Any] = json.loads(raw)
    return found


async def test_a_trade_from_the_opened_page_to_the_payment() -> None:
    async with in_process() as scene:
        assert (await ask(scene))["sub_code"] == "ACQ.TRADE_NOT_EXIST"
        trade = await scene.control("payments", out_trade_no="tea_1", amount_minor=13800, only_open=True)
        opened = await ask(scene)
        assert (opened["trade_status"], "send_pay_date" in opened) == ("WAIT_BUYER_PAY", False)
        scene.town.alipay.trades.pay(scene.town.alipay.open("tea_1", 13800, ""))
        paid = await ask(scene)
        assert (paid["code"], paid["trade_status"]) == ("10000", "TRADE_SUCCESS")
        assert (paid["total_amount"], paid["trade_no"]) == ("138.00", trade["trade_no"])
        assert len(paid["send_pay_date"]) == 19
        assert (await ask(scene, CLOSE))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


async def test_what_is_closed_cannot_be_paid() -> None:
    async with in_process() as scene:
        assert (await ask(scene, CLOSE))["sub_code"] == "ACQ.TRADE_NOT_EXIST"
        await scene.control("payments", out_trade_no="tea_1", amount_minor=100, only_open=True)
        assert (await ask(scene, CLOSE))["code"] == "10000"
        assert (await ask(scene, CLOSE))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
        payment = await scene.http.post("/control/payments", json={"out_trade_no": "tea_1", "amount_minor": 100})
        assert payment.status_code == 409
        dump = await scene.dump()
        assert dump["alipay"]["trades"][0]["state"] == "closed"
        assert [call["answer_code"] for call in dump["alipay"]["calls"]] == [
            "40004/ACQ.TRADE_NOT_EXIST",
            "10000",
            "40004/ACQ.TRADE_STATUS_ERROR",
        ]


async def test_answers_in_gbk_are_signed_in_gbk() -> None:
    async with in_process() as scene:
        answer = await scene.http.post("/alipay/gateway.do", data=signed(scene, charset="GBK"))
        assert "交易不存在" in answer.content.decode("gbk")


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"sign": "AAAA"}, "isv.invalid-signature"),
        ({"timestamp": "2026-11-22 10:00:01"}, "isv.invalid-signature"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"app_id": "1"}, "isv.invalid-app-id"),
        ({"version": ""}, "isv.missing-version"),
    ],
)
async def test_requests_that_are_not_ours_are_turned_away(changed: dict[str, str], sub_code: str) -> None:
    async with in_process() as scene:
        answer = await scene.http.post("/alipay/gateway.do", data=signed(scene) | changed)
        assert answer.json()["alipay_trade_query_response"]["sub_code"] == sub_code


async def test_an_outage_and_errors() -> None:
    async with in_process() as scene:
        await scene.control("faults", place="gateway", fault="server_error", key="tea_1")
        assert (await scene.http.post("/alipay/gateway.do", data=signed(scene))).status_code == 500
        await scene.control("faults", place="gateway", fault="outage", seconds=60)
        assert (await scene.http.post("/alipay/gateway.do", data=signed(scene))).status_code == 503
        scene.town.alipay.gateway.door.shut(0)
        assert (await ask(scene))["code"] == "40004"
        await scene.control("faults", place="gateway", fault="late_error")
        await scene.control("payments", out_trade_no="tea_1", amount_minor=100, only_open=True)
        assert (await scene.http.post("/alipay/gateway.do", data=signed(scene, method=CLOSE))).status_code == 500
        assert (await ask(scene))["trade_status"] == "TRADE_CLOSED"
