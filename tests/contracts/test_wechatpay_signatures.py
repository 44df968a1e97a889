"""Whom we believe that a notice is WeChat Pay's: headers, keys, time."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ports.errors import RefusalReason
from ports.messages import RawMessage
from tests.contracts.wechatpay_wire import (
    CERTIFICATE_SERIAL,
    NOTICE_ID,
    PUBLIC_KEY_ID,
    STAMP,
    message,
    notice,
    old_notice,
    public_pem,
    refused,
    usual,
    wechatpay,
)

GOOD = notice()
WECHATPAY = usual()
SIGNED_HEADERS = ("wechatpay-timestamp", "wechatpay-nonce")
HEADERS = (*SIGNED_HEADERS, "wechatpay-serial", "wechatpay-signature")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(place=st.integers(0, len(GOOD.body) - 1), other=st.integers(1, 255))
def test_any_one_byte_of_the_body_that_is_changed_is_refused(place: int, other: int) -> None:
    body = GOOD.body[:place] + bytes([GOOD.body[place] ^ other]) + GOOD.body[place + 1 :]
    assert refused(replace(GOOD, body=body)).reason is RefusalReason.SIGNATURE


@settings(derandomize=True, max_examples=300, deadline=None)
@given(data=st.data(), name=st.sampled_from(HEADERS))
def test_any_one_character_of_a_header_that_is_changed_is_refused(data: st.DataObject, name: str) -> None:
    genuine = GOOD.headers[name]
    place = data.draw(st.integers(0, len(genuine) - 1))
    other = data.draw(st.characters(max_codepoint=255).filter(lambda character: character != genuine[place]))
    headers = {**GOOD.headers, name: genuine[:place] + other + genuine[place + 1 :]}
    assert refused(replace(GOOD, headers=headers)).reason in {RefusalReason.SIGNATURE, RefusalReason.MALFORMED}


@pytest.mark.parametrize("name", SIGNED_HEADERS)
def test_header_and_body_cannot_be_cut_anew(name: str) -> None:
    """The signed text is lines: whatever moved a line end would move what is believed."""
    value = GOOD.headers[name]
    for other in (value + "\n", "\n" + value, value + "\r", value + " ", " " + value):
        assert refused(replace(GOOD, headers={**GOOD.headers, name: other})).reason is RefusalReason.MALFORMED


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", [None, "", "茶", "é", "\x00", "x" * 5000])
def test_a_header_that_is_missing_or_no_such_header_is_named(name: str, value: str | None) -> None:
    headers = {each: GOOD.headers[each] if each != name else value for each in HEADERS}
    found = refused(RawMessage({each: told for each, told in headers.items() if told is not None}, GOOD.body))
    assert (found.reason, name in found.detail) == (RefusalReason.MALFORMED, True)


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_comes_twice_is_none(name: str) -> None:
    pairs = [*GOOD.headers.items(), (name.upper(), GOOD.headers[name])]
    found = refused(RawMessage.arrived(pairs, GOOD.body))
    assert (found.reason, "comes twice" in found.detail) == (RefusalReason.MALFORMED, True)


@pytest.mark.parametrize("stamp", ["-1", "+1", "1e9", "1.0", "１７", "9" * 13, f"{STAMP}000"])
def test_a_time_that_is_no_count_of_seconds_is_refused(stamp: str) -> None:
    found = refused(message(GOOD.body, Wechatpay_Timestamp=stamp))
    assert (found.reason, "wechatpay-timestamp" in found.detail) == (RefusalReason.MALFORMED, True)


@pytest.mark.parametrize("age_seconds", [299, -299, 0])
def test_a_notice_counts_for_less_than_five_minutes(age_seconds: int) -> None:
    assert WECHATPAY.read_notice(old_notice(age_seconds)) == WECHATPAY.read_notice(GOOD)


@pytest.mark.parametrize("age_seconds", [300, -300, 86_400])
def test_a_genuine_notice_out_of_its_time_is_stale(age_seconds: int) -> None:
    assert refused(old_notice(age_seconds)).reason is RefusalReason.STALE


@pytest.mark.parametrize(
    "made",
    [
        "AAAA",
        "!" + GOOD.headers["wechatpay-signature"],
        GOOD.headers["wechatpay-signature"].rstrip("="),
        GOOD.headers["wechatpay-signature"] + "=",
        base64.b64encode(bytes(256)).decode(),
        base64.b64encode(bytes(1000)).decode(),
        "WECHATPAY/SIGNTEST/AAAA",
        "WECHATPAY/SIGNTEST/" + GOOD.headers["wechatpay-signature"][19:],
    ],
)
def test_a_wrong_signature_is_refused_in_whatever_shape_it_comes(made: str) -> None:
    assert refused(message(GOOD.body, Wechatpay_Signature=made)).reason is RefusalReason.SIGNATURE


def test_a_probe_is_told_what_any_forger_is_told() -> None:
    probe = refused(message(GOOD.body, Wechatpay_Signature="WECHATPAY/SIGNTEST/AAAA"))
    forged = refused(message(GOOD.body, role="stranger", Wechatpay_Serial=CERTIFICATE_SERIAL))
    assert (probe.reason, probe.detail, probe.claimed_id) == (forged.reason, forged.detail, forged.claimed_id)


def test_a_base64_with_idle_bits_set_is_not_the_signature() -> None:
    """256 bytes end in a character of which four bits say nothing: they must not be free to choose."""
    made = GOOD.headers["wechatpay-signature"]
    assert made.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    idle = alphabet[alphabet.index(made[-3]) | 1]
    other = f"{made[:-3]}{idle}=="
    assert base64.b64decode(other) == base64.b64decode(made)
    assert refused(message(GOOD.body, Wechatpay_Signature=other)).reason is RefusalReason.SIGNATURE


@pytest.mark.parametrize("scheme", ["WECHATPAY2-SM2-WITH-SM3", "", "wechatpay2-sha256-rsa2048"])
def test_another_scheme_is_no_signature(scheme: str) -> None:
    assert refused(message(GOOD.body, Wechatpay_Signature_Type=scheme)).reason is RefusalReason.SIGNATURE


def test_the_scheme_need_not_be_named() -> None:
    assert WECHATPAY.read_notice(message(GOOD.body, Wechatpay_Signature_Type=None)).notice_id == NOTICE_ID


def test_a_key_counts_only_under_its_own_id() -> None:
    exchanged = message(GOOD.body, role="public key", Wechatpay_Serial=CERTIFICATE_SERIAL)
    assert refused(exchanged).reason is RefusalReason.SIGNATURE


def test_while_keys_rotate_both_count_and_afterwards_one() -> None:
    by_certificate, by_public_key = notice(role="certificate"), notice(role="public key")
    assert WECHATPAY.read_notice(by_certificate) == WECHATPAY.read_notice(by_public_key)
    after = wechatpay(platform_keys={PUBLIC_KEY_ID: public_pem("public key")})
    assert after.read_notice(by_public_key).notice_id == NOTICE_ID
    assert refused(by_certificate, after).reason is RefusalReason.SIGNATURE


def test_nothing_of_an_unsigned_body_is_read() -> None:
    """Otherwise its errors would tell how far a forger got."""
    bodies = (GOOD.body, b"{}", b"[" * 60_000, b"\xff", b"")
    details = {str(refused(message(body, role="stranger"))) for body in bodies}
    assert len(details) == 1
