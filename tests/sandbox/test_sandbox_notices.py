import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from sandbox.alipay.notices import RETRY_AFTER, FormNotice, NoticeDesk
from sandbox.alipay.provider import NUMBERS
from sandbox.courier import Courier
from sandbox.payments.trades import TradeBook
from tests.sandbox.lockstep_stub import decoded
from tests.sandbox.town_under_test import RecordingPace, Scene, a_world, in_process, until


async def pay(scene: Scene, *faults: str, **more: Any) -> list[FormNotice]:
    for fault in faults:
        await scene.control("faults", place="trade", fault=fault, key="tea_1", **more)
    await scene.control("payments", out_trade_no="tea_1", amount_minor=13800)
    return scene.town.alipay.post.sent


@pytest.mark.parametrize(("status", "text"), [(500, "success"), (200, "success\n"), (200, "fail"), (204, "")])
async def test_only_success_stops_the_sender(status: int, text: str) -> None:
    pace = RecordingPace()
    courier = Courier(["http://l"], pace, httpx.MockTransport(lambda _: httpx.Response(status, text=text)))
    trades = TradeBook("app", "seller", NUMBERS)
    desk = NoticeDesk(a_world(), trades)
    notice = desk.write(trades.open("tea_1", 100, "茶"))
    assert not await courier.deliver(notice, lambda: desk.envelope(notice), RETRY_AFTER)
    assert len(notice.deliveries) == 8
    assert pace.pauses == [240, 600, 600, 3600, 7200, 21600, 54000]
    await courier.close()


async def test_a_lost_connection_is_a_delivery_without_status() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    courier = Courier(["http://l"], RecordingPace(), httpx.MockTransport(refuse))
    trades = TradeBook("app", "seller", NUMBERS)
    desk = NoticeDesk(a_world(), trades)
    notice = desk.write(trades.open("tea_1", 100, "茶"))
    await courier.attempt(notice, desk.envelope(notice))
    assert [(each.status, each.answer) for each in notice.deliveries] == [(None, "ConnectError")]
    await courier.close()


async def test_every_wording_is_verified_by_an_independent_reader() -> None:
    """All mixtures of charset, empty values and what of them is signed."""
    async with in_process() as scene:
        trade = scene.town.alipay.open("tea_1", 13800, "茶铺订单 {龙井}")
        desk = NoticeDesk(a_world(), scene.town.alipay.trades)
        seen = set()
        for _ in range(24):
            notice = desk.write(trade)
            fields = decoded(desk.envelope(notice).body)
            assert scene.stub.judge(fields) == "accepted"
            assert fields["subject"] == "茶铺订单 {龙井}"
            seen.add((fields["charset"], fields.get("body"), notice.wording.signs_empty))
        assert {charset for charset, _, _ in seen} == {"utf-8", "GBK"}
        assert {(body, keeps) for _, body, keeps in seen} >= {("", True), ("", False)}


async def test_a_notice_is_repeated_under_its_id_until_it_is_taken() -> None:
    async with in_process() as scene:
        scene.stub.answers = [(500, ""), (200, "SUCCESS"), (503, "busy")]
        (notice,) = await pay(scene)
        await until(lambda: notice.has_success)
        assert [each.status for each in notice.deliveries] == [500, 200, 503, 200]
        assert {fields["notify_id"] for fields in scene.stub.notices} == {notice.notify_id}
        assert scene.stub.notices[0]["total_amount"] == "138.00"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("forged_signature", "signature"),
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
        assert set(scene.stub.verdicts[impostor.notify_id]) == {reason}
        ledger = (await scene.dump())["alipay"]["notices"]
        assert [(each["fault"], each["expected"], each["expected_reason"]) for each in ledger] == [
            (None, "accepted", None),
            (fault, "refused", reason),
        ]


async def test_all_three_forgeries_are_recognised() -> None:
    async with in_process() as scene:
        await pay(scene, "no_notice")
        for _ in range(3):
            await scene.control("notices", out_trade_no="tea_1", fault="forged_signature")
        sent = scene.town.alipay.post.sent
        await until(lambda: all(notice.is_settled for notice in sent))
        assert {verdict for each in scene.stub.verdicts.values() for verdict in each} == {"signature"}


async def test_duplicates_with_one_id_and_with_several() -> None:
    async with in_process() as scene:
        sent = await pay(scene, "duplicate", "duplicate_other_id", copies=3)
        await until(lambda: len(scene.stub.notices) == 5)
        assert Counter(fields["notify_id"] for fields in scene.stub.notices) == {
            sent[0].notify_id: 3,
            sent[1].notify_id: 1,
            sent[2].notify_id: 1,
        }
        assert len({fields["trade_no"] for fields in scene.stub.notices}) == 1


async def test_repeated_although_taken() -> None:
    async with in_process() as scene:
        (notice,) = await pay(scene, "repeated", copies=3)
        await until(lambda: len(notice.deliveries) == 3)
        assert all(notice.is_taken(delivery) for delivery in notice.deliveries)


async def test_no_notice_and_a_wrong_amount() -> None:
    async with in_process() as scene:
        assert await pay(scene, "no_notice", "wrong_amount") == []
        await asyncio.sleep(0)
        trade = (await scene.dump())["alipay"]["trades"][0]
        assert (trade["state"], trade["amount_minor"], trade["fault"]) == ("paid", 13900, "wrong_amount")
        assert scene.stub.notices == []


async def test_other_content_follows_under_the_same_id() -> None:
    async with in_process() as scene:
        genuine, altered = await pay(scene, "other_content")
        await until(lambda: altered.has_success)
        assert [(f["notify_id"], f["total_amount"]) for f in scene.stub.notices] == [
            (genuine.notify_id, "138.00"),
            (genuine.notify_id, "139.00"),
        ]
        assert (altered.expected, genuine.expected) == ("quarantined", "accepted")


async def test_refund_then_finished() -> None:
    async with in_process() as scene:
        sent = await pay(scene, "finished_after_refund")
        await until(lambda: len(sent) == 3 and sent[-1].has_success)
        assert [notice.fields["trade_status"] for notice in sent] == [
            "TRADE_SUCCESS",
            "TRADE_SUCCESS",
            "TRADE_FINISHED",
        ]
        assert "refund_fee" not in sent[0].fields
        assert sent[1].fields["refund_fee"] == "13.80"
        assert [notice.expected for notice in sent] == ["accepted", "ignored", "ignored"]


async def test_a_delayed_notice_is_dropped_with_the_town() -> None:
    async with in_process() as scene:
        await pay(scene, "delay", seconds=3600)
        await asyncio.sleep(0.02)
        assert scene.stub.notices == []
        assert len(scene.town.crew) == 1
    assert len(scene.town.crew) == 0
