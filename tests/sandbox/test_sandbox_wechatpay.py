import asyncio
import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.courier import Courier
from sandbox.pace import now
from sandbox.payments.trades import TradeBook
from sandbox.wechatpay.notices import RETRY_AFTER, NoticeDesk, SealedNotice
from sandbox.wechatpay.provider import NUMBERS
from sandbox.wechatpay.signature import PlatformSigner
from tests.sandbox.town_under_test import RecordingPace, Scene, a_world, in_process, until

KEYS = a_world().wechatpay
ACCOUNTS = KEYS.accounts
TRADE = "/v3/pay/transactions/out-trade-no/tools_1"
QUERY, CLOSE = ("GET", f"{TRADE}?mchid={ACCOUNTS.mchid}"), ("POST", f"{TRADE}/close")


async def pay(scene: Scene, *faults: str, **more: Any) -> list[SealedNotice]:
    for fault in faults:
        await scene.control("faults", place="trade", fault=fault, key="tools_1", **more)
    await scene.control("payments", out_trade_no="tools_1", amount_minor=13800)
    return scene.town.wechatpay.post.sent


# Notices


@pytest.mark.parametrize(("status", "stops"), [(200, True), (204, True), (201, False), (302, False), (401, False)])
async def test_only_200_and_204_stop_the_sender(status: int, *, stops: bool) -> None:
    pace = RecordingPace()
    courier = Courier(["http://l"], pace, httpx.MockTransport(lambda _: httpx.Response(status)))
    trades = TradeBook("app", "merchant", NUMBERS)
    desk = NoticeDesk(KEYS, trades, PlatformSigner(KEYS))
    trade = trades.open("tools_1", 100, "锤")
    trades.pay(trade)
    notice = desk.write(trade)
    assert await courier.deliver(notice, lambda: desk.envelope(notice), RETRY_AFTER) is stops
    assert len(notice.deliveries) == (1 if stops else 16)
    assert pace.pauses == ([] if stops else list(RETRY_AFTER))
    assert len(set(notice.signed_by)) == 1
    await courier.close()


def test_wechat_pay_gives_up_after_a_day_and_four_minutes() -> None:
    assert (len(RETRY_AFTER), sum(RETRY_AFTER)) == (15, 24 * 3600 + 4 * 60)


async def test_a_notice_is_repeated_under_its_id_until_it_is_taken() -> None:
    async with in_process() as scene:
        scene.stub.answers = [(500, ""), (302, ""), (503, "busy")]
        (notice,) = await pay(scene)
        await until(lambda: notice.has_success)
        assert [each.status for each in notice.deliveries] == [500, 302, 503, 204]
        assert {fields["notify_id"] for fields in scene.stub.notices} == {notice.notify_id}
        (told, *_) = scene.stub.notices
        assert (told["event"], told["trade_state"], told["amount"]["total"]) == (
            "TRANSACTION.SUCCESS",
            "SUCCESS",
            13800,
        )
        assert told["out_trade_no"] == "tools_1"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("forged_signature", "signature"),
        ("sign_test", "signature"),
        ("stale_notice", "stale"),
        ("foreign_app", "app"),
        ("other_seller", "seller"),
        ("other_currency", "currency"),
    ],
)
async def test_impostors_come_beside_the_genuine_notice(fault: str, reason: str) -> None:
    async with in_process() as scene:
        genuine, impostor = await pay(scene, fault)
        await until(lambda: genuine.is_settled and impostor.is_settled)
        assert scene.stub.verdicts[genuine.notify_id] == ["accepted"]
        assert set(scene.stub.verdicts[impostor.known_as]) == {reason}
        shown = (await scene.dump())["wechatpay"]["notices"]
        assert [(each["fault"], each["expected"], each["expected_reason"]) for each in shown] == [
            (None, "accepted", None),
            (fault, "refused", reason),
        ]


async def test_all_forgeries_and_the_probe_are_recognised() -> None:
    async with in_process() as scene:
        await pay(scene, "no_notice")
        for fault in ("forged_signature", "forged_signature", "forged_signature", "sign_test"):
            await scene.control("notices", out_trade_no="tools_1", fault=fault)
        sent = scene.town.wechatpay.post.sent
        await until(lambda: all(notice.is_settled for notice in sent))
        assert {verdict for each in scene.stub.verdicts.values() for verdict in each} == {"signature"}
        desk = scene.town.wechatpay.post._desk
        assert desk.envelope(sent[-1]).headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")


async def test_from_a_rotation_on_notices_bear_the_next_key() -> None:
    async with in_process() as scene:
        (before,) = await pay(scene)
        await until(lambda: before.has_success)
        await scene.control("faults", place="wechatpay", fault="key_rotation")
        await scene.control("notices", out_trade_no="tools_1")
        await until(lambda: len(scene.stub.notices) == 2)
        assert [told["key_id"] for told in scene.stub.notices] == [ACCOUNTS.certificate_serial, ACCOUNTS.public_key_id]
        assert {verdict for each in scene.stub.verdicts.values() for verdict in each} == {"accepted"}


async def test_a_refund_is_an_event_of_its_own() -> None:
    async with in_process() as scene:
        sent = await pay(scene, "partial_refund")
        await until(lambda: len(sent) == 2 and sent[-1].has_success)
        paid, refunded = scene.stub.notices
        assert (paid["event"], refunded["event"]) == ("TRANSACTION.SUCCESS", "REFUND.SUCCESS")
        assert (refunded["amount"]["total"], refunded["amount"]["refund"]) == (13800, 1380)
        assert [notice.expected for notice in sent] == ["accepted", "ignored"]


async def test_other_content_follows_under_the_same_id() -> None:
    async with in_process() as scene:
        genuine, altered = await pay(scene, "other_content")
        await until(lambda: altered.has_success)
        assert [(told["notify_id"], told["amount"]["total"]) for told in scene.stub.notices] == [
            (genuine.notify_id, 13800),
            (genuine.notify_id, 13900),
        ]


async def test_some_buyers_use_a_coupon_and_the_total_stays() -> None:
    async with in_process() as scene:
        for number in range(1, 11):
            await scene.control("payments", out_trade_no=f"tools_{number}", amount_minor=5000)
        await until(lambda: len(scene.stub.notices) == 10)
        amounts = {(told["amount"]["total"], told["amount"]["payer_total"]) for told in scene.stub.notices}
        assert amounts == {(5000, 5000), (5000, 4900)}


# The API


async def ask(scene: Scene, verb: tuple[str, str], said: Any = None, **changed: str) -> httpx.Response:
    """As the merchant asks; `changed` replaces members of his signature."""
    method, path = verb
    body = b"" if method == "GET" else json.dumps({"mchid": ACCOUNTS.mchid} if said is None else said).encode()
    stamp = str(int(now().timestamp()))
    text = f"{method}\n{path}\n{stamp}\nn-1\n".encode() + body + b"\n"
    who = {"mchid": ACCOUNTS.mchid, "serial_no": ACCOUNTS.merchant_serial, "nonce_str": "n-1", "timestamp": stamp}
    who["signature"] = base64.b64encode(KEYS.merchant.sign(text, PKCS1v15(), SHA256())).decode()
    told = ",".join(f'{name}="{value}"' for name, value in (who | changed).items())
    headers = {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {told}", "Wechatpay-Serial": ACCOUNTS.public_key_id}
    return await scene.http.request(method, f"/wechatpay{path}", content=body, headers=headers)


async def said(scene: Scene, verb: tuple[str, str], *, status: int = 200) -> Any:
    """What the answer says, once its signature by the key that was asked for is verified."""
    answer = await ask(scene, verb)
    assert answer.status_code == status, answer.text
    headers = answer.headers
    assert headers["wechatpay-serial"] == ACCOUNTS.public_key_id
    text = f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n".encode() + answer.content + b"\n"
    KEYS.key.public_key().verify(base64.b64decode(headers["wechatpay-signature"]), text, PKCS1v15(), SHA256())
    return answer.json() if answer.content else None


async def test_a_trade_from_the_opened_page_to_the_payment() -> None:
    async with in_process() as scene:
        assert (await said(scene, QUERY, status=404))["code"] == "ORDER_NOT_EXIST"
        trade = await scene.control("payments", out_trade_no="tools_1", amount_minor=13800, only_open=True)
        opened = await said(scene, QUERY)
        assert (opened["trade_state"], "transaction_id" in opened) == ("NOTPAY", False)
        scene.town.wechatpay.trades.pay(scene.town.wechatpay.open("tools_1", 13800, ""))
        paid = await said(scene, QUERY)
        assert (paid["trade_state"], paid["transaction_id"]) == ("SUCCESS", trade["trade_no"])
        assert (paid["amount"]["total"], paid["success_time"][-6:]) == (13800, "+08:00")
        assert (await said(scene, CLOSE, status=400))["code"] == "ORDER_PAID"


async def test_a_trade_is_not_closed_in_its_first_five_minutes() -> None:
    async with in_process(time_scale=600) as scene:
        assert (await said(scene, CLOSE, status=404))["code"] == "ORDER_NOT_EXIST"
        await scene.control("payments", out_trade_no="tools_1", amount_minor=100, only_open=True)
        assert (await said(scene, CLOSE, status=403))["code"] == "TRADE_ERROR"
        await asyncio.sleep(0.51)  # five minutes of this world
        for _ in range(2):
            assert await said(scene, CLOSE, status=204) is None
        assert (await said(scene, QUERY))["trade_state"] == "CLOSED"
        payment = await scene.http.post("/control/payments", json={"out_trade_no": "tools_1", "amount_minor": 100})
        assert payment.status_code == 409
        dump = (await scene.dump())["wechatpay"]
        assert dump["trades"][0]["state"] == "closed"
        assert [(call["method"], call["answer_code"]) for call in dump["calls"]] == [
            ("close", "404/ORDER_NOT_EXIST"),
            ("close", "403/TRADE_ERROR"),
            ("close", "204"),
            ("close", "204"),
            ("query", "200"),
        ]


@pytest.mark.parametrize(
    "changed",
    [{"signature": "AAAA"}, {"mchid": "1"}, {"serial_no": "1"}, {"nonce_str": "n-2"}, {"timestamp": "1"}],
)
async def test_requests_that_are_not_ours_are_turned_away_unsigned(changed: dict[str, str]) -> None:
    async with in_process() as scene:
        for verb in (QUERY, CLOSE):
            answer = await ask(scene, verb, **changed)
            assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
            assert "wechatpay-signature" not in answer.headers


async def test_the_signature_covers_the_query_and_the_body() -> None:
    async with in_process() as scene:
        other = await ask(scene, ("GET", f"{TRADE}?mchid=1"))
        assert (other.status_code, other.json()["code"]) == (400, "PARAM_ERROR")
        nobody = await ask(scene, CLOSE, said={})
        assert (nobody.status_code, nobody.json()["code"]) == (400, "PARAM_ERROR")


async def test_an_outage_and_errors() -> None:
    async with in_process() as scene:
        await scene.control("payments", out_trade_no="tools_1", amount_minor=100, only_open=True)
        await scene.control("faults", place="wechatpay", fault="server_error", key="tools_1")
        assert (await ask(scene, QUERY)).status_code == 500
        await scene.control("faults", place="wechatpay", fault="outage", seconds=60)
        assert (await ask(scene, QUERY)).status_code == 503
        scene.town.wechatpay.door.shut(0)
        await asyncio.sleep(0.06)
        await scene.control("faults", place="wechatpay", fault="late_error")
        assert (await ask(scene, CLOSE)).status_code == 500
        assert (await said(scene, QUERY))["trade_state"] == "CLOSED"
