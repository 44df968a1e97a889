"""Orders of the shop that WeChat Pay pays, over the wire: notices, keys that change, silence, trades to be closed."""

from typing import Any

import httpx
import pytest

from sandbox.faults import Fault, Place
from sandbox.wechatpay.notices import SealedNotice
from tests.journeys.notices import SECOND_ACCOUNT
from tests.journeys.orders import AMOUNT_MINOR, ON_ITS_WAY, TOOLS, WAITING_FOR_MONEY, placed, send_order
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

SUCCESS = (204, "")
FAILURE = (400, '{"code":"FAIL","message":"失败"}')
IMPOSTORS = {
    Fault.SIGN_TEST: "signature",
    Fault.FORGED_SIGNATURE: "signature",
    Fault.STALE_NOTICE: "stale",
    Fault.FOREIGN_APP: "app",
    Fault.OTHER_SELLER: "seller",
    Fault.OTHER_CURRENCY: "currency",
}


async def paid(stage: Stage, order_no: str, *faults: Fault, **more: Any) -> str:
    """The buyer pays and WeChat Pay tells; the answer is its number of the trade."""
    number = f"tools_{order_no}"
    for fault in faults:
        await stage.control("faults", place=Place.TRADE, fault=fault, key=number, **more)
    trade = await stage.control("payments", out_trade_no=number, amount_minor=AMOUNT_MINOR)
    return str(trade["trade_no"])


async def notices_about(stage: Stage, order_no: str, count: int) -> list[SealedNotice]:
    """All notices about that trade, once there are so many and each was answered."""

    def found() -> list[SealedNotice]:
        return [each for each in stage.town.wechatpay.post.sent if each.out_trade_no == f"tools_{order_no}"]

    async def all_answered() -> bool:
        return len(found()) == count and all(each.deliveries for each in found())

    await stage.until(all_answered, f"{count} notices about {order_no}")
    return found()


def heard(notice: SealedNotice) -> list[tuple[int | None, str]]:
    return [(delivery.status, delivery.answer) for delivery in notice.deliveries]


async def booked(stage: Stage, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await stage.rows(f"select {', '.join(columns)} from payments order by order_id")]


async def test_an_order_is_placed_paid_pushed_shipped_delivered_and_completed(stage: Stage) -> None:
    stage.pace(600)
    await stage.control("orders", order_no="2001", shop_id="tools")
    trade = await stage.control("payments", out_trade_no="tools_2001")
    await stage.until_stage("2001", "completed")
    assert await booked(stage, "provider", "account", "trade_no", "amount_minor", "source", "matched") == [
        ("wechatpay", "tools", trade["trade_no"], trade["amount_minor"], "notice", True)
    ]
    assert await stage.value("select count(*) from outbound_orders") == 1
    assert await stage.cases() == []
    (notice,) = await notices_about(stage, "2001", 1)
    assert heard(notice) == [SUCCESS]


async def test_a_repeated_notice_has_one_effect_and_its_success_each_time(stage: Stage) -> None:
    await placed(stage, "2002", **TOOLS)
    await paid(stage, "2002", Fault.DUPLICATE, Fault.REPEATED, Fault.DUPLICATE_OTHER_ID, copies=3)
    sent = await notices_about(stage, "2002", 3)

    async def all_sent() -> bool:
        return sum(len(notice.deliveries) for notice in sent) == 7

    await stage.until(all_sent, "three at once, two later, two under other ids")
    assert [answer for notice in sent for answer in heard(notice)] == [SUCCESS] * 7
    await stage.until_stage("2002", *ON_ITS_WAY)
    assert await booked(stage, "provider", "amount_minor") == [("wechatpay", AMOUNT_MINOR)]
    assert await stage.value("select count(*) from audit_log where step = 'record_payment'") == 1
    assert await stage.cases() == []


async def test_while_wechat_pay_changes_its_key_both_are_believed(stage: Stage) -> None:
    accounts = stage.town.world.wechatpay.accounts
    signed_by = []
    for order_no in ("2020", "2021"):
        await placed(stage, order_no, **TOOLS)
        await paid(stage, order_no)
        await stage.until_stage(order_no, *ON_ITS_WAY)
        (notice,) = await notices_about(stage, order_no, 1)
        signed_by += notice.signed_by
        await stage.control("faults", place=Place.WECHATPAY, fault=Fault.KEY_ROTATION)
    assert signed_by == [accounts.certificate_serial, accounts.public_key_id]
    assert await stage.value("select count(*) from payments where source = 'notice'") == 2


async def test_what_is_no_notice_of_ours_is_refused_and_its_order_waits(stage: Stage) -> None:
    for order_no, (fault, reason) in enumerate(IMPOSTORS.items(), start=2030):
        await placed(stage, str(order_no), **TOOLS)
        await stage.silent_payment(str(order_no), "tools", amount_minor=AMOUNT_MINOR)
        await stage.control("notices", out_trade_no=f"tools_{order_no}", fault=fault)
        (notice,) = await notices_about(stage, str(order_no), 1)
        assert heard(notice)[0] == FAILURE, fault
        assert (await stage.verdicts(notice.known_as))[0] == ("refused", reason)
    rows = await stage.rows("select distinct verdict, order_id from inbound_events where source = 'wechatpay'")
    assert [tuple(row) for row in rows] == [("refused", None)]
    assert await stage.value("select count(*) from payments where source = 'notice'") == 0
    assert await stage.cases() == []


async def test_after_the_probe_the_real_notice_is_believed(stage: Stage) -> None:
    await placed(stage, "2031", **TOOLS)
    await paid(stage, "2031", Fault.SIGN_TEST)
    genuine, probe = await notices_about(stage, "2031", 2)
    assert (heard(genuine)[0], heard(probe)[0]) == (SUCCESS, FAILURE)
    await stage.until_stage("2031", *ON_ITS_WAY)
    assert await stage.value("select count(*) from payments") == 1


async def test_money_that_went_back_is_never_taken_for_a_payment(stage: Stage) -> None:
    await placed(stage, "2032", **TOOLS)
    await paid(stage, "2032", Fault.PARTIAL_REFUND)
    genuine, refund = await notices_about(stage, "2032", 2)
    assert heard(refund)[0] == SUCCESS
    assert await stage.verdicts(genuine.notify_id) == [("accepted", None)]
    assert await stage.verdicts(refund.notify_id) == [("ignored", "unknown_refund")]
    await stage.until_stage("2032", *ON_ITS_WAY)
    assert await stage.value("select count(*) from payments") == 1


async def test_the_same_notice_id_with_other_content_is_put_aside(stage: Stage) -> None:
    await placed(stage, "2033", **TOOLS)
    await paid(stage, "2033", Fault.OTHER_CONTENT)
    genuine, _ = await notices_about(stage, "2033", 2)
    assert await stage.verdicts(genuine.notify_id) == [("accepted", None), ("quarantined", "other_content")]
    await stage.until_stage("2033", *ON_ITS_WAY)
    assert await stage.cases() == [("other_content", "shop/tools/2033")]
    assert await booked(stage, "amount_minor") == [(AMOUNT_MINOR,)]


async def test_a_notice_that_never_comes_is_found_by_asking(stage: Stage) -> None:
    await placed(stage, "2040", **TOOLS)
    trade = await stage.silent_payment("2040", "tools", amount_minor=AMOUNT_MINOR)
    await stage.control("faults", place=Place.WECHATPAY, fault=Fault.SERVER_ERROR, key="tools_2040")
    await stage.control("faults", place=Place.WECHATPAY, fault=Fault.CUT, key="tools_2040")
    await stage.until_stage("2040", *ON_ITS_WAY)
    assert await booked(stage, "provider", "trade_no", "source") == [("wechatpay", trade["trade_no"], "query")]
    codes = [call.answer_code for call in stage.town.wechatpay.gateway.calls]
    assert codes == ["http 500", "cut", "200"]
    assert await stage.cases() == []


async def test_an_unpaid_order_is_closed_at_wechat_pay_when_its_window_ends(stage: Stage) -> None:
    plan = [{"part": 1, "amount_minor": AMOUNT_MINOR, "pay_within_seconds": 240}]
    await placed(stage, "2050", payment_plan=plan, **TOOLS)
    await stage.control("payments", out_trade_no="tools_2050", amount_minor=AMOUNT_MINOR, only_open=True)
    await stage.until_stage("2050", "closed_unpaid")
    assert stage.town.wechatpay.trades_of("tools_2050")[0].state == "closed"
    closing = [call.answer_code for call in stage.town.wechatpay.gateway.calls if call.method == "close"]
    assert closing[-1] == "204"
    assert await stage.cases() == []
    late = await stage.outside.post("/control/payments", json={"out_trade_no": "tools_2050", "amount_minor": 1})
    assert late.status_code == 409


async def test_cancelled_at_once_the_trade_is_closed_as_soon_as_wechat_pay_closes_it(stage: Stage) -> None:
    """It closes no trade in its first five minutes: the order ends a little later, and nobody is bothered."""
    await placed(stage, "2051", **TOOLS)
    await stage.control("payments", out_trade_no="tools_2051", amount_minor=AMOUNT_MINOR, only_open=True)
    asked = await stage.shop.post(
        "/orders/shop/tools/2051/cancel", json={"reason": "买家不想要了"}, headers={"Idempotency-Key": "cancel/2051"}
    )
    assert asked.status_code == 202
    await stage.until_stage("2051", "cancelled")
    closing = [call.answer_code for call in stage.town.wechatpay.gateway.calls if call.method == "close"]
    assert (closing[0], closing[-1], set(closing)) == ("403/TRADE_ERROR", "204", {"403/TRADE_ERROR", "204"})
    assert stage.town.wechatpay.trades_of("tools_2051")[0].state == "closed"
    assert await stage.cases() == []


async def test_paid_before_it_could_be_closed_the_order_is_cancelled_and_the_money_due_back(stage: Stage) -> None:
    await placed(stage, "2052", **TOOLS)
    await stage.control("payments", out_trade_no="tools_2052", amount_minor=AMOUNT_MINOR, only_open=True)
    headers = {"Idempotency-Key": "cancel/2052"}
    await stage.shop.post("/orders/shop/tools/2052/cancel", json={"reason": "买家不想要了"}, headers=headers)

    async def refused() -> bool:
        return any(call.method == "close" for call in stage.town.wechatpay.gateway.calls)

    await stage.until(refused, "a close that comes too early")
    await stage.silent_payment("2052", "tools", amount_minor=AMOUNT_MINOR)
    await stage.until_stage("2052", "cancelled")
    assert await booked(stage, "provider", "source") == [("wechatpay", "query")]
    assert await stage.cases() == [("refund_due", "shop/tools/2052")]


async def test_a_shop_is_paid_at_its_own_provider_alone(stage: Stage) -> None:
    """Two providers may know us by the same name of an account."""
    await send_order(stage, {**(await placed(stage, "2060", **TOOLS))})
    notice = stage.pen.notice("tools_2060", "T2060", amount_minor=AMOUNT_MINOR, notify_id="", **SECOND_ACCOUNT)
    assert (await stage.notify(notice)).status_code == 400
    assert await stage.verdicts("notice-of-T2060") == [("refused", "seller")]
    assert await stage.stage_of("2060") == WAITING_FOR_MONEY
    assert await stage.value("select count(*) from payments") == 0


async def test_nobody_listens_for_a_provider_that_is_none(stage: Stage) -> None:
    for provider in ("wechat", "stripe", "ALIPAY", "warehouse/x"):
        answer = await stage.shop.post(f"/webhooks/{provider}", content=b"{}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert await stage.value("select count(*) from inbound_events") == 0


async def test_a_body_without_signature_is_refused_and_kept(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.shop.base_url, timeout=15, trust_env=False) as anybody:
        pairs = [("Wechatpay-Nonce", "a"), ("Wechatpay-Nonce", "b"), ("Wechatpay-Timestamp", "1")]
        for headers in ([], pairs):
            answer = await anybody.post("/webhooks/wechatpay", content=b'{"id":"EV-1"}', headers=headers)
            assert (answer.status_code, answer.text) == FAILURE
            assert answer.headers["content-type"] == "application/json"
    rows = await stage.rows("select source, verdict, reason, message_id from inbound_events")
    assert {tuple(row) for row in rows} == {("wechatpay", "refused", "malformed", "")}
