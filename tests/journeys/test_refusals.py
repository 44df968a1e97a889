"""Notices that must not move an order: what the sender hears, what is kept as evidence, and what stays untouched."""

from typing import Any

import pytest

from api.acceptance import KEPT_BYTES
from sandbox.alipay.notices import FormNotice
from sandbox.faults import Fault, Place
from tests.journeys.notices import SECOND_ACCOUNT
from tests.journeys.orders import AMOUNT_MINOR, ON_ITS_WAY, WAITING_FOR_MONEY, order_body, paid, placed, send_order
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

FAILURE = (400, "failure")
SUCCESS = (200, "success")
REASONS = {
    Fault.FORGED_SIGNATURE: "signature",
    Fault.FOREIGN_APP: "app",
    Fault.OTHER_SELLER: "seller",
    Fault.OTHER_CURRENCY: "currency",
}
JSON = b'{"trade_status": "TRADE_SUCCESS"}'


async def first_answer(stage: Stage, notify_id: str, copies: int = 1) -> tuple[int | None, str]:
    """What the pretend Alipay heard when it first sent the newest notice with this id."""
    notice: FormNotice

    async def heard() -> bool:
        nonlocal notice
        found = [each for each in stage.town.alipay.post.sent if each.notify_id == notify_id]
        notice = found[-1]
        return len(found) == copies and bool(notice.deliveries)

    await stage.until(heard, f"an answer to {notify_id}")
    return notice.deliveries[0].status, notice.deliveries[0].answer


async def notices_about(stage: Stage, out_trade_no: str, count: int) -> list[FormNotice]:
    """All notices about that trade, once there are so many and each was answered."""

    async def all_answered() -> bool:
        found = [each for each in stage.town.alipay.post.sent if each.out_trade_no == out_trade_no]
        return len(found) == count and all(each.deliveries for each in found)

    await stage.until(all_answered, f"{count} notices about {out_trade_no}")
    return [each for each in stage.town.alipay.post.sent if each.out_trade_no == out_trade_no]


async def heard(stage: Stage, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> tuple[int, str]:
    answer = await stage.notify(body, content_type)
    return answer.status_code, answer.text


async def ledger(stage: Stage) -> list[Any]:
    return [row.kind for row in await stage.rows("select kind from ledger_entries order by seq")]


async def test_a_notice_that_is_not_what_it_claims_is_refused_with_its_reason(stage: Stage) -> None:
    for number, (fault, reason) in enumerate(REASONS.items(), start=4001):
        await stage.silent_payment(str(number), amount_minor=AMOUNT_MINOR)
        sent = await stage.control("notices", out_trade_no=f"tea_{number}", fault=fault)
        assert await first_answer(stage, sent["notify_id"]) == FAILURE
        assert (await stage.verdicts(sent["notify_id"]))[0] == ("refused", reason)
        assert not await stage.has_workflow(str(number))
    assert await stage.value("select count(*) from payments") == 0
    assert await stage.cases() == []


async def test_a_forged_notice_leaves_its_order_waiting_for_the_real_one(stage: Stage) -> None:
    await placed(stage, "4010")
    await stage.control("faults", place=Place.TRADE, fault=Fault.FORGED_SIGNATURE, key="tea_4010")
    await stage.control("payments", out_trade_no="tea_4010", amount_minor=AMOUNT_MINOR)
    told = await notices_about(stage, "tea_4010", 2)
    verdicts = {notice.fault: (await stage.verdicts(notice.notify_id))[0][0] for notice in told}
    assert verdicts == {None: "accepted", Fault.FORGED_SIGNATURE: "refused"}
    await stage.until_stage("4010", *ON_ITS_WAY)
    assert await stage.value("select count(*) from payments") == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"notify_id=1&notify_id=2", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00garbage", "application/x-www-form-urlencoded"),
        (b"notify_id=n-1&charset=utf-8&" + b"x" * 100_000, "application/x-www-form-urlencoded"),
        (JSON, "application/json"),
        (b"--b\r\nContent-Disposition: form-data; name=app_id\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b"),
    ],
    ids=["nothing", "a field twice", "no text", "longer than a notice", "JSON", "multipart"],
)
async def test_a_body_that_is_no_notice_is_refused_and_kept(stage: Stage, body: bytes, content_type: str) -> None:
    assert await heard(stage, body, content_type) == FAILURE
    kept = await stage.rows("select verdict, reason, order_id, source, body from inbound_events")
    assert [(row.verdict, row.reason, row.order_id) for row in kept] == [("refused", "malformed", None)]
    assert stage.house.evidence.clear(kept[0].source, kept[0].body) == body[:KEPT_BYTES]


async def test_a_body_too_large_for_anybody_is_turned_away_unread(stage: Stage) -> None:
    async def in_pieces() -> Any:
        for _ in range(40):
            yield b"x" * 10_000

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    whole = await stage.shop.post("/webhooks/alipay", content=b"x" * 400_000, headers=form)
    pieces = await stage.shop.post("/webhooks/alipay", content=in_pieces(), headers=form)
    assert (whole.status_code, pieces.status_code) == (413, 413)
    assert whole.headers["content-type"] == pieces.headers["content-type"] == "application/problem+json"
    assert await stage.value("select count(*) from inbound_events") == 0


async def test_money_of_another_amount_is_booked_apart_and_the_order_does_not_move(stage: Stage) -> None:
    await placed(stage, "4020")
    await stage.control("faults", place=Place.TRADE, fault=Fault.WRONG_AMOUNT, key="tea_4020")
    await paid(stage, "4020")
    (notice,) = await notices_about(stage, "tea_4020", 1)
    assert (notice.deliveries[0].status, notice.deliveries[0].answer) == SUCCESS
    await stage.until_value(1, "select count(*) from payments where not matched and amount_minor = 14500")
    assert await ledger(stage) == ["held_apart"]
    assert await stage.cases() == [("amount_mismatch", "shop/tea/4020")]
    assert await stage.stage_of("4020") == WAITING_FOR_MONEY
    assert await stage.value("select count(*) from reservations") == 0


@pytest.mark.parametrize(("fault", "notices"), [(Fault.PARTIAL_REFUND, 2), (Fault.FINISHED_AFTER_REFUND, 3)])
async def test_money_that_went_back_is_never_taken_for_a_payment(stage: Stage, fault: Fault, notices: int) -> None:
    """Alipay says TRADE_SUCCESS, or TRADE_FINISHED, once more; only its refund fields tell."""
    order_no = f"403{notices}"
    await placed(stage, order_no)
    await stage.control("faults", place=Place.TRADE, fault=fault, key=f"tea_{order_no}")
    await paid(stage, order_no)
    genuine, *refunds = await notices_about(stage, f"tea_{order_no}", notices)
    assert await stage.verdicts(genuine.notify_id) == [("accepted", None)]
    for refund in refunds:
        assert (refund.deliveries[0].status, refund.deliveries[0].answer) == SUCCESS
        assert await stage.verdicts(refund.notify_id) == [("ignored", "unknown_refund")]
    await stage.until_stage(order_no, *ON_ITS_WAY)
    assert await stage.value("select count(*) from payments") == 1
    assert await ledger(stage) == ["captured"]


async def test_the_same_notice_id_with_other_content_is_put_aside(stage: Stage) -> None:
    await placed(stage, "4040")
    await stage.control("faults", place=Place.TRADE, fault=Fault.OTHER_CONTENT, key="tea_4040")
    await paid(stage, "4040")
    genuine, _ = await notices_about(stage, "tea_4040", 2)
    assert await first_answer(stage, genuine.notify_id, copies=2) == SUCCESS
    assert await stage.verdicts(genuine.notify_id) == [("accepted", None), ("quarantined", "other_content")]
    await stage.until_stage("4040", *ON_ITS_WAY)
    assert await stage.cases() == [("other_content", "shop/tea/4040")]
    assert await stage.value("select string_agg(amount_minor::text, ' ') from payments") == "14400"
    assert await ledger(stage) == ["captured"]


async def test_the_same_trade_with_another_amount_under_another_id_is_put_aside(stage: Stage) -> None:
    await placed(stage, "4050")
    trade_no = await paid(stage, "4050")
    await stage.until_value(1, "select count(*) from payments")
    other = stage.pen.notice("tea_4050", trade_no, amount_minor=1, notify_id="another-id")
    for _ in range(2):
        assert await heard(stage, other) == SUCCESS
    assert await stage.verdicts("another-id") == [("quarantined", "other_content")] * 2
    assert await stage.cases() == [("other_content", "shop/tea/4050")]
    assert await stage.value("select string_agg(amount_minor::text, ' ') from payments") == "14400"


@pytest.mark.parametrize("out_trade_no", ["what-is-this", "nowhere_1001", "tea_1001_0", "a_b_c_d"])
async def test_money_for_nothing_we_know_is_acknowledged_and_becomes_a_case(stage: Stage, out_trade_no: str) -> None:
    notice = stage.pen.notice(out_trade_no, "T-unknown")
    assert await heard(stage, notice) == SUCCESS
    assert await heard(stage, notice) == SUCCESS
    assert await stage.verdicts("notice-of-T-unknown") == [("quarantined", "unknown_trade")] * 2
    assert [cause for cause, _ in await stage.cases()] == ["unknown_trade"]
    assert await stage.value("select count(*) from payments") == 0


async def test_another_account_of_ours_cannot_be_paid_for_this_shop(stage: Stage) -> None:
    await placed(stage, "4060")
    notice = stage.pen.notice("tea_4060", "T-second", amount_minor=AMOUNT_MINOR, notify_id="", **SECOND_ACCOUNT)
    assert await heard(stage, notice) == FAILURE
    assert await stage.verdicts("notice-of-T-second") == [("refused", "seller")]
    assert await stage.stage_of("4060") == WAITING_FOR_MONEY
    assert await stage.value("select count(*) from payments") == 0


async def test_a_second_trade_of_the_same_order_ships_nothing_twice_and_goes_back_by_itself(stage: Stage) -> None:
    assert (await send_order(stage, order_body(stage, "4070"))).status_code == 202
    await paid(stage, "4070")
    await stage.until_stage("4070", *ON_ITS_WAY)
    surplus = await paid(stage, "4070_2")
    await stage.until_value("workflow", "select (select decided_by from cases)")
    assert await ledger(stage) == ["captured", "held_apart", "refund_due", "refunded"]
    assert await stage.value("select trade_no from refund_legs") == surplus
    assert await stage.cases() == [("surplus_payment", "shop/tea/4070")]
    assert await stage.value("select count(*) from outbound_orders") == 1
