"""What is WeChat Pay's alone: its sealed resources, its words."""

import json
from typing import Any

import pytest

from adapters.payments.wechatpay_notice import NOTICES
from domain.money import Money
from ports.errors import RefusalReason
from ports.messages import RawMessage
from ports.payments import NoticeKind
from tests.contracts.wechatpay_wire import (
    API_V3_KEY,
    DELIVERY,
    MCHID,
    NEXT_API_V3_KEY,
    NOTICE_ID,
    PAID,
    REFUND,
    account,
    envelope,
    message,
    notice,
    refused,
    resource,
    usual,
)

WECHATPAY = usual()
GOOD = notice()


def sealed(plain: bytes) -> RawMessage:
    return message(envelope(resource(plain)))


def inside(**changes: Any) -> RawMessage:
    """A notice whose resource has other members than it should."""
    return message(envelope({**resource(json.dumps(PAID).encode()), **changes}))


# Envelope


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"null", "JSON"),
        (b"[]", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"[" * 60_000, "JSON"),
        (b'{"id":"1","id":"1"}', "JSON"),
        (b'{"a":{"b":1,"b":2}}', "JSON"),
        (b'{"a":NaN}', "JSON"),
        (b'{"a":1' + b"0" * 5000 + b"}", "JSON"),
        (b" " * 70_000, "longer than 65536"),
        (b"{}", "event_type, id, resource, resource_type"),
        (envelope(resource(b"{}"), {"id": "EV 1"}), "id"),
        (envelope(resource(b"{}"), {"id": ""}), "id"),
        (envelope(resource(b"{}"), {"id": "x" * 129}), "id"),
        (envelope(resource(b"{}"), {"id": 1}), "id"),
        (envelope(resource(b"{}"), {"event_type": "COUPON.USE"}), "COUPON.USE"),
        (envelope(resource(b"{}"), {"event_type": None}), "event_type"),
        (envelope(resource(b"{}"), {"resource_type": "plain"}), "resource_type"),
        (envelope(resource(b"{}"), {"resource": []}), "resource"),
    ],
)
def test_a_malformed_envelope_is_refused_and_the_fault_named(body: bytes, named: str) -> None:
    found = refused(message(body))
    assert found.reason is RefusalReason.MALFORMED
    assert named in found.detail


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"algorithm": "AEAD_AES_128_GCM"}, "resource.algorithm"),
        ({"algorithm": "AEAD_SM4_GCM"}, "resource.algorithm"),
        ({"nonce": "short"}, "resource.nonce"),
        ({"nonce": "thirteen long"}, "resource.nonce"),
        ({"nonce": "茶茶茶茶"}, "resource.nonce"),
        ({"nonce": "\ud800" * 12}, "resource.nonce"),
        ({"nonce": ""}, "resource.nonce"),
        ({"nonce": None}, "resource.nonce"),
        ({"nonce": "fdasflkja485"}, "opens"),
        ({"associated_data": "refund"}, "opens"),
        ({"associated_data": ""}, "opens"),
        ({"associated_data": None}, "opens"),
        ({"associated_data": "茶"}, "resource.associated_data"),
        ({"associated_data": "x" * 300}, "resource.associated_data"),
        ({"associated_data": 1}, "resource.associated_data"),
        ({"ciphertext": ""}, "opens"),
        ({"ciphertext": "AAAA"}, "opens"),
        ({"ciphertext": "AAA"}, "base64"),
        ({"ciphertext": "A A="}, "base64"),
        ({"ciphertext": "茶"}, "base64"),
        ({"ciphertext": 7}, "resource.ciphertext"),
        ({"ciphertext": resource(b"{}")["ciphertext"][:-8] + "AAAAAA=="}, "opens"),
    ],
)
def test_a_resource_that_is_not_sealed_as_agreed_is_refused(changes: dict[str, Any], named: str) -> None:
    found = refused(inside(**changes))
    assert (found.reason, found.claimed_id) == (RefusalReason.MALFORMED, NOTICE_ID)
    assert named in found.detail


# What is inside


@pytest.mark.parametrize("plain", [b"", b"[]", b"\xff", b'{"mchid":"1","mchid":"1"}', b'{"a":Infinity}', b"[" * 20_000])
def test_what_is_sealed_must_be_one_object(plain: bytes) -> None:
    found = refused(sealed(plain))
    assert (found.reason, "JSON" in found.detail) == (RefusalReason.MALFORMED, True)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("mchid", "appid", "transaction_id", "out_trade_no", "trade_state", "success_time")),
        *({name: "with space"} for name in ("mchid", "appid", "transaction_id", "out_trade_no")),
        {"transaction_id": 4200002026},
        {"trade_state": "NOTPAY"},
        {"trade_state": "CLOSED"},
        {"trade_state": "TRADE_NEW"},
        {"amount": 8888},
        *({"amount.total": total} for total in (None, "8888", 88.88, 8888.0, True, 0, -1, 10**15, 10**30)),
        {"amount.currency": 156},
        *(
            {"success_time": told}
            for told in ("", "2026-11-22 10:00:00", "2026-11-22T10:00:00", "0001-01-01T00:00:00+08:00")
        ),
        *({"success_time": told} for told in ("2026-13-01T00:00:00Z", "2026-W47-7T10:00:00Z", 1764000000)),
    ],
    ids=str,
)
def test_a_payment_told_in_halves_is_refused_and_the_field_named(changes: dict[str, Any]) -> None:
    found = refused(notice(changes))
    (name,) = changes
    assert (found.reason, found.claimed_id) == (RefusalReason.MALFORMED, NOTICE_ID)
    assert name in found.detail


def test_the_checks_come_in_order() -> None:
    wrong: dict[str, Any] = {"mchid": "9", "appid": "9", "amount.currency": "USD"}
    steps = [
        (message(notice(wrong).body, role="stranger", Wechatpay_Nonce=None), RefusalReason.MALFORMED),
        (message(notice(wrong).body, role="stranger"), RefusalReason.SIGNATURE),
        (notice({**wrong, "trade_state": None}), RefusalReason.MALFORMED),
        (notice(wrong), RefusalReason.SELLER),
        (notice({**wrong, "mchid": MCHID}), RefusalReason.APP),
        (notice({"amount.currency": "USD"}), RefusalReason.CURRENCY),
    ]
    assert [refused(raw).reason for raw, _ in steps] == [reason for _, reason in steps]


def test_what_the_order_asked_for_is_captured_and_not_what_coupons_left_of_it() -> None:
    """The shop is credited with `total`, and refunds are counted against it; `payer_total` is the buyer's own share."""
    read = WECHATPAY.read_notice(notice({"amount.total": 8888, "amount.payer_total": 1}))
    assert read.amount == Money(8888)


def test_the_buyer_may_pay_in_another_currency() -> None:
    assert WECHATPAY.read_notice(notice({"amount.payer_currency": "HKD"})).amount == Money(8888)


def test_every_event_of_wechat_pay_is_known_and_only_a_payment_captures() -> None:
    assert set(NOTICES) == {"TRANSACTION.SUCCESS", "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"}
    for event in set(NOTICES) - {"TRANSACTION.SUCCESS"}:
        said = {**REFUND, "refund_status": event.removeprefix("REFUND.")}
        assert WECHATPAY.read_notice(notice(said=said, outside={"event_type": event})).kind is NoticeKind.REFUND


def test_a_refund_of_another_merchant_is_not_ours_either() -> None:
    said = {**REFUND, "refund_status": "SUCCESS", "mchid": "1900000109"}
    assert refused(notice(said=said, outside={"event_type": "REFUND.SUCCESS"})).reason is RefusalReason.SELLER


# What is kept and told


def test_a_refused_notice_is_known_by_its_delivery_until_it_can_be_read() -> None:
    assert refused(notice(role="stranger")).claimed_id == DELIVERY
    assert refused(message(GOOD.body, role="stranger", Request_ID=None)).claimed_id == ""
    assert refused(message(GOOD.body, role="stranger", Request_ID="茶")).claimed_id == ""
    assert refused(message(b"no JSON")).claimed_id == DELIVERY
    assert refused(message(envelope(resource(b"{}"), {"event_type": "NEW"}))).claimed_id == NOTICE_ID
    assert refused(message(b'{"id":"no id"}')).claimed_id == ""


def test_neither_secrets_nor_buyers_are_told() -> None:
    for secret in (API_V3_KEY, NEXT_API_V3_KEY, "PRIVATE KEY"):
        assert secret not in repr(account())
    for raw in (notice({"appid": "9"}), notice({"trade_state": None}), notice({"amount.currency": "USD"})):
        assert PAID["payer"]["openid"] not in str(refused(raw))


def test_success_is_said_without_a_word_and_failure_in_wechat_pays() -> None:
    accepted, refused = WECHATPAY.answer(accepted=True), WECHATPAY.answer(accepted=False)
    assert (accepted.status, accepted.media_type, accepted.body) == (204, "", b"")
    assert (refused.status, refused.media_type) == (400, "application/json")
    assert json.loads(refused.body) == {"code": "FAIL", "message": "失败"}
