"""What is Alipay's alone: its forms, its way of signing, its words."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http import open_client
from adapters.payments.alipay import Alipay
from adapters.payments.alipay_notice import KINDS
from domain.money import Money
from ports.clock import SystemClock
from ports.errors import MessageRefused, RefusalReason
from ports.messages import RawMessage
from ports.payments import NoticeKind, PaymentNotice
from tests.contracts.alipay_under_test import (
    CAPTURED,
    REFUND,
    account,
    alipay,
    content,
    form,
    notice,
    private_pem,
    public_pem,
    signed,
)

ALIPAY = alipay()


def refusal(message: RawMessage) -> MessageRefused:
    with pytest.raises(MessageRefused) as refused:
        ALIPAY.read_notice(message)
    return refused.value


def body(text: str) -> RawMessage:
    return RawMessage({}, text.encode())


GOOD = notice().body.decode()


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (body(GOOD + "&trade_no=2"), "twice"),
        (body(GOOD + "&sign_type=RSA2"), "twice"),
        (body(GOOD + "&lonely"), "form"),
        (body(GOOD + "&a%3Db=1"), "odd name"),
        (body(GOOD + "&=1"), "odd name"),
        (RawMessage({}, GOOD.encode() + b"&a=\xe8\x8c\xb6"), "form"),
        (body(GOOD + "".join(f"&a{n}=1" for n in range(100))), "100 fields"),
        (body(GOOD + "&a=" + "x" * 4097), "longer than 4096"),
        (body(GOOD + "&a=" + "x" * 70_000), "longer than 65536"),
        (notice({"notify_id": "x" * 129}), "notify_id"),
        (notice({"out_trade_no": "tea 1001"}), "out_trade_no"),
        (notice({"trade_no": "交易"}), "trade_no"),
        (notice(after={"charset": "utf-7"}), "charset"),
        (notice(after={"charset": ""}), "charset"),
        (body(GOOD + "&a=%FF"), "utf-8"),
        (notice({"trade_status": "TRADE_NEW"}), "'TRADE_NEW'"),
        (notice({"gmt_payment": "22.11.2026"}), "time"),
        (notice({"gmt_payment": "0001-01-01 00:00:00"}), "time"),
        (notice({"gmt_payment": None, "notify_time": None}), "time"),
        (notice(REFUND | {"refund_fee": "much"}), "refund_fee"),
        *(
            (notice({"total_amount": amount}), "total_amount")
            for amount in ("-1", "1e2", "1.234", " 1", "1,00", "1١", "¥1")
        ),
        *(
            (notice({name: gone}), name)
            for name in ("app_id", "seller_id", "notify_id", "trade_no")
            for gone in (None, "")
        ),
        *(
            (notice({name: gone}), name)
            for name in ("out_trade_no", "trade_status", "total_amount")
            for gone in (None, "")
        ),
    ],
)
def test_a_malformed_notice_is_refused_and_the_fault_named(message: RawMessage, named: str) -> None:
    refused = refusal(message)
    assert refused.reason is RefusalReason.MALFORMED
    assert named in refused.detail


def test_the_checks_come_in_order() -> None:
    wrong = {"app_id": "9", "seller_id": "9", "currency": "USD", "total_amount": "much"}
    steps = [
        (notice({**wrong, "trade_no": None}, role="stranger"), RefusalReason.MALFORMED),
        (notice(wrong, role="stranger"), RefusalReason.APP),
        (notice({**wrong, "app_id": CAPTURED["app_id"]}, role="stranger"), RefusalReason.SIGNATURE),
        (notice({**wrong, "app_id": CAPTURED["app_id"]}), RefusalReason.SELLER),
        (notice({"currency": "USD", "total_amount": "much"}), RefusalReason.CURRENCY),
        (notice({"total_amount": "much"}), RefusalReason.MALFORMED),
    ]
    assert [refusal(message).reason for message, _ in steps] == [reason for _, reason in steps]


@pytest.mark.parametrize("after", [{"sign_type": "RSA"}, {"sign_type": ""}, {"sign": "&"}, {"sign": "ä"}, {"sign": ""}])
def test_only_rsa2_in_clean_base64_is_a_signature(after: dict[str, str]) -> None:
    assert refusal(notice(after=after)).reason is RefusalReason.SIGNATURE


def test_what_base64_readers_skip_is_no_part_of_a_signature() -> None:
    assert refusal(body(GOOD.replace("&sign=", "&sign=%21"))).reason is RefusalReason.SIGNATURE


@pytest.mark.parametrize("name", ["trans_currency", "settle_currency", "currency"])
def test_any_field_of_another_currency_is_refused(name: str) -> None:
    assert refusal(notice({name: "HKD"})).reason is RefusalReason.CURRENCY
    assert ALIPAY.read_notice(notice({name: "CNY"})).amount == Money(8888, "CNY")


@pytest.mark.parametrize("status", ["TRADE_SUCCESS", "TRADE_FINISHED"])
@pytest.mark.parametrize("mark", [{name: value} for name, value in REFUND.items()] + [{"dback_status": "S"}], ids=str)
def test_each_mark_of_a_refund_alone_keeps_it_from_being_a_payment(status: str, mark: dict[str, str]) -> None:
    read = ALIPAY.read_notice(notice({"trade_status": status, **mark}))
    assert (read.kind, read.amount) == (NoticeKind.REFUND, Money(8888))


def test_the_states_of_alipay_reach_every_kind() -> None:
    assert set(KINDS) == {"WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_SUCCESS", "TRADE_FINISHED"}
    assert {kind for kind, _ in KINDS.values()} | {NoticeKind.REFUND} == set(NoticeKind)


def test_the_time_of_the_notice_stands_in_for_the_time_of_payment() -> None:
    paid_at = ALIPAY.read_notice(notice({"gmt_payment": None})).paid_at
    assert paid_at == datetime(2026, 11, 22, 2, 0, 1, tzinfo=UTC)


def test_the_certificate_number_is_not_signed() -> None:
    assert ALIPAY.read_notice(notice(after={"alipay_cert_sn": "1"})).kind is NoticeKind.CAPTURED


def test_empty_fields_added_by_a_stranger_say_nothing() -> None:
    added = {"refund_fee": "", "gmt_refund": "", "out_biz_no": "", "trans_currency": ""}
    assert ALIPAY.read_notice(notice(after=added)) == ALIPAY.read_notice(notice())


def test_a_refund_cannot_be_hidden_inside_another_value() -> None:
    """`a=1&b=2` is signed alike for two fields and for one; the signature alone would let this pass."""
    genuine = {**CAPTURED, "receipt_amount": "88.88", **REFUND}
    sign = {"sign": signed("alipay", content(genuine)), "sign_type": "RSA2"}
    hidden = {name: value for name, value in genuine.items() if name not in {*REFUND, "gmt_payment", "out_biz_no"}}
    hidden["gmt_create"] += f"&gmt_payment={genuine['gmt_payment']}&gmt_refund={genuine['gmt_refund']}"
    hidden["notify_type"] += f"&out_biz_no={genuine['out_biz_no']}"
    hidden["receipt_amount"] += f"&refund_fee={genuine['refund_fee']}"
    assert content(hidden) == content(genuine)
    assert "holds another field" in refusal(form(hidden | sign)).detail


def test_a_refund_cannot_be_hidden_inside_a_name() -> None:
    genuine = {**CAPTURED, "receipt_amount": "88.88", "refund_fee": "10.00"}
    sign = {"sign": signed("alipay", content(genuine)), "sign_type": "RSA2"}
    hidden = {**CAPTURED, "receipt_amount=88.88&refund_fee": "10.00"}
    assert content(hidden) == content(genuine)
    assert "odd name" in refusal(form(hidden | sign)).detail


def test_a_subject_cannot_bring_its_own_amount() -> None:
    """Genuine: a subject with an amount in it. Cut anew it would be a subject, that amount and a harmless rest."""
    genuine = {**CAPTURED, "subject": "tea&total_amount=999.00&total_x=1"}
    sign = {"sign": signed("alipay", content(genuine)), "sign_type": "RSA2"}
    cut = {**CAPTURED, "subject": "tea", "total_amount": "999.00", "total_x": "1&total_amount=88.88"}
    assert content(cut) == content(genuine)
    assert refusal(form(cut | sign)).reason is RefusalReason.MALFORMED


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from([*CAPTURED, *REFUND, "trans_currency", "sign", "sign_type", "new"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["", "0", "gbk", "TRADE_CLOSED", "CNY", "0.00", "9" * 30])),
        max_size=4,
    ),
    signed_after=st.booleans(),
)
def test_a_changed_form_is_a_notice_or_refused(changes: dict[str, str], *, signed_after: bool) -> None:
    fields = {**CAPTURED, **changes}
    sign = {"sign": signed("alipay", content(fields if signed_after else CAPTURED)), "sign_type": "RSA2"}
    try:
        read = ALIPAY.read_notice(RawMessage({}, urlencode({**sign, **fields}).encode()))
    except MessageRefused:
        return
    assert isinstance(read, PaymentNotice)
    if not signed_after:
        assert read == ALIPAY.read_notice(notice())


@settings(derandomize=True, max_examples=200, deadline=None)
@given(place=st.integers(0, len(GOOD)), length=st.integers(0, 40), piece=st.binary(max_size=10))
def test_a_form_cut_and_mended_is_believed_only_for_what_was_signed(place: int, length: int, piece: bytes) -> None:
    mended = GOOD.encode()[:place] + piece + GOOD.encode()[place + length :]
    try:
        read = ALIPAY.read_notice(RawMessage({}, mended))
    except MessageRefused:
        return
    assert read == ALIPAY.read_notice(notice())


def test_neither_secrets_nor_buyers_are_told() -> None:
    assert "KEY" not in repr(account())
    refused = refusal(notice({"buyer_logon_id": "138****1234"}, role="stranger"))
    assert "138" not in str(refused)
    assert quote_plus(CAPTURED["subject"]) not in str(refused)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"alipay_public_keys": ()}, "no Alipay public key"),
        ({"alipay_public_keys": ("secret",)}, "not readable"),
        ({"app_private_key": "secret"}, "not readable"),
        ({"app_private_key": public_pem("app")}, "not readable"),
        ({"alipay_public_keys": (private_pem("app"),)}, "not readable"),
    ],
)
def test_a_key_that_is_none_is_told_at_the_start_without_its_text(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"Alipay account tea-entity: .*{named}") as told:
        alipay(**changes)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("changes", [{"name": "other"}, {"app_id": "other"}])
async def test_accounts_that_cannot_be_told_apart_are_refused(changes: dict[str, str]) -> None:
    async with open_client() as client:
        with pytest.raises(ValueError, match="share"):
            Alipay([account(), account(**changes)], client, SystemClock())
