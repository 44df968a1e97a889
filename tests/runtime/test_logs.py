"""Log lines are JSON, bear the ids of traces and audit log, and name nobody, whatever is logged."""

import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ports.provenance import PROVENANCE, Provenance
from ports.warehouse import Recipient
from runtime.logs import JsonLines
from runtime.masking import masked, masked_text
from tests.spans import a_trace

PHONE = "13912345678"
NAME, STREET = "欧阳锦瑟", "不存在的巷子 418 弄 9 号"
TO = Recipient(NAME, PHONE, "浙江省", "杭州市", "西湖区", STREET)


def line(message: object, *args: object, error: BaseException | None = None, **extra: Any) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("lockstep.test", logging.INFO, __file__, 1, message, args, exc_info)
    record.__dict__.update(extra)
    return JsonLines().format(record)


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
not_a_digit = st.characters(blacklist_categories=["Nd", "Cs"])
beside = st.text(st.characters(blacklist_categories=["Cs"])).filter(lambda text: not re.search(r"\d", text[-1:]))
after = st.text(st.characters(blacklist_categories=["Cs"])).filter(lambda text: not re.search(r"\d", text[:1]))


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A mobile number, and one of the ways to write it."""
    number = draw(mobiles)
    parts = [number[:3], number[3:7], number[7:]]
    prefix = draw(st.sampled_from(["", "+86", "86", "0086", "+86 ", "86-", "+86-"]))
    text = prefix + draw(st.sampled_from(["", " ", "-", "."])).join(parts)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    return number, draw(st.sampled_from([text, text.translate(wide)]))


def digits(text: str) -> str:
    """With full-width digits as plain ones, and nothing between digits that people put there."""
    plain = text.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    return re.sub(r"(?<=\d)[-\s.]{1,2}(?=\d)", "", plain)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(beside, written(), after)
def test_no_phone_number_gets_through_wherever_it_stands(before: str, phone: tuple[str, str], behind: str) -> None:
    number, text = phone
    said = before + text + behind
    for told in (
        line(said),
        line("%s", said),
        line("a person", about=said),
        line("a person", about={"deep": [said, {said: said}]}),
        line({"person": said}),
        line("failed", error=ValueError(said)),
        line("a number", about=int(number)),
        line("a number", about=(number,)),
    ):
        for value in leaves(json.loads(told)):
            assert number not in digits(value)


def leaves(value: Any) -> list[str]:
    """Every text of a line, keys too, without the moment it was written."""
    if isinstance(value, dict):
        return [text for key, each in value.items() if key != "time" for text in (key, *leaves(each))]
    return [text for each in value for text in leaves(each)] if isinstance(value, list) else [str(value)]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(beside, st.sampled_from(["+1 415 555 2671", "+49 (30) 901820", "+447911123456", "0571-88886666"]), after)
def test_nor_a_landline_or_a_number_abroad(before: str, phone: str, behind: str) -> None:
    assert phone not in masked_text(before + phone + behind)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.from_regex(r"[1-9][0-9]{11,31}", fullmatch=True))
def test_longer_numbers_are_no_phones(number: str) -> None:
    """Trades, waybills: whoever reads the log looks for them."""
    if not re.fullmatch(r"(?:86|0086)1[3-9]\d{9}", number):
        assert masked_text(f"trade {number} of tea_{number}") == f"trade {number} of tea_{number}"


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(min_size=2, alphabet=st.characters(whitelist_categories=["Lo", "L"])))
def test_no_recipient_gets_through_in_any_of_its_forms(name: str) -> None:
    name = f"〔{name}〕"
    to = Recipient(name, PHONE, "浙江省", "杭州市", "西湖区", STREET)
    for told in (
        line("pushed to %s", to),
        line("pushed", recipient=to),
        line("pushed", order={"recipient": {"name": name, "detail": STREET}}),
        line("pushed", lines=[{"name": name, "detail": STREET}]),
        line("sent %s", json.dumps({"recipient": {"name": name, "detail": STREET}}, ensure_ascii=False)),
        line("sent %s", {"recipient": {"name": name, "detail": STREET}}),
        line("failed", error=ValueError(f"{to!r}")),
    ):
        assert name not in told
        assert STREET not in told


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRETsecret123",
        "authorization: Basic SECRETsecret123",
        "GET /track/1001?shop=tea&proof=SECRETsecret123&lang=zh",
        "token=SECRETsecret123",
        "{'token': 'SECRETsecret123'}",
        '{"api_key": "SECRETsecret123", "a": 1}',
        "LOCKSTEP_RECORD_KEY: record_key=SECRETsecret123=",
        "sign=SECRETsecret123&sign_type=RSA2",
        "a token lk_SECRETsecret123 was used",
        "whsec_SECRETsecret123",
        "-----BEGIN PRIVATE KEY-----\nSECRETsecret123\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nSECRETsecret123",
        "postgresql://lockstep:SECRETsecret123@127.0.0.1:5432/lockstep",
    ],
)
def test_no_secret_gets_through(text: str) -> None:
    for told in (line(text), line("%s", text), line("x", about={"deep": text}), line("x", error=ValueError(text))):
        assert "SECRETsecret123" not in told


@pytest.mark.parametrize("name", ["token", "password", "authorization", "proof", "Phone", "recipient"])
def test_fields_with_telling_names_are_struck_out_whole(name: str) -> None:
    about: dict[str, Any] = {name: "anything"}
    assert json.loads(line("x", **about))[name] == "***"
    assert masked({"about": {name: ["anything"]}}) == {"about": {name: "***"}}


@pytest.mark.parametrize(
    "text",
    [
        "attempt 2 of warehouse.push failed: 127.0.0.1:8080/v1/outbound-orders/shop.tea.1001: answered 503",
        "order/shop/tea/1001/push",
        "case-0f3a9c at 2026-11-22T10:00:00+08:00",
        "design=rounded, keys rotate, sign_type=RSA2",
        "144.00 CNY, trade 2026112222001413912345678901",
    ],
)
def test_what_people_look_for_stays(text: str) -> None:
    assert masked_text(text) == text


def test_a_line_says_when_how_grave_and_whose() -> None:
    origin = Provenance("order/shop/tea/1001/push", "run-1", workflow_id="order/shop/tea/1001")
    token = PROVENANCE.set(origin)
    try:
        with a_trace() as trace:
            told = json.loads(line("done", attempt=2))
    finally:
        PROVENANCE.reset(token)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", told.pop("time"))
    assert len(told.pop("span_id")) == 16
    assert told == {
        "level": "INFO",
        "logger": "lockstep.test",
        "message": "done",
        "attempt": 2,
        "trace_id": trace,
        "transaction_id": "order/shop/tea/1001/push",
        "workflow_id": "order/shop/tea/1001",
        "workflow_run": "run-1",
        "order": "shop/tea/1001",
    }


def test_ids_stay_whole_even_where_they_look_like_phone_numbers() -> None:
    workflow_id = f"order/shop/tea/{PHONE}"
    token = PROVENANCE.set(Provenance(f"{workflow_id}/push", workflow_id=workflow_id))
    try:
        told = json.loads(line(f"call {PHONE}"))
    finally:
        PROVENANCE.reset(token)
    assert told["order"] == f"shop/tea/{PHONE}"
    assert told["message"] == "call ***5678"


def test_a_line_outside_everything_has_no_ids() -> None:
    assert set(json.loads(line("starting"))) == {"time", "level", "logger", "message"}
