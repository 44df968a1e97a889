"""Every reader of signed messages, attacked in the same ways: a value that can be recorded, or MessageRefused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ports.errors import MessageRefused
from ports.messages import RawMessage
from tests.adapters import test_warehouse_events as warehouse
from tests.contracts import alipay_under_test as alipay
from tests.contracts import wechatpay_wire as wechatpay

LARGEST_BIGINT = 2**63 - 1
bounded = settings(derandomize=True, max_examples=100, deadline=None)


@dataclass(frozen=True)
class Reader:
    """`signed` makes a genuine message that says these things; `said` is what a usual one says."""

    name: str
    read: Callable[[RawMessage], Any]
    said: Mapping[str, Any]
    signed: Callable[[dict[str, Any]], RawMessage]


def wechatpay_notice(said: dict[str, Any]) -> RawMessage:
    plain = json.dumps(said).encode()
    return wechatpay.message(wechatpay.envelope(wechatpay.resource(plain)))


def alipay_notice(said: dict[str, Any]) -> RawMessage:
    """A form holds text, and no lone surrogates."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
    whole = {name.encode(errors="replace").decode(): value for name, value in texts.items()}
    return alipay.notice({name: value.encode(errors="replace").decode() for name, value in whole.items()})


READERS = (
    Reader("alipay", alipay.alipay().read_notice, alipay.CAPTURED, alipay_notice),
    Reader("wechatpay", wechatpay.wechatpay().read_notice, wechatpay.PAID, wechatpay_notice),
    Reader("warehouse", warehouse.read, warehouse.EVENT, lambda said: warehouse.message(json.dumps(said).encode())),
)
each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)

texts = st.text(max_size=20) | st.sampled_from(["\x00", "\ud800", "9" * 40, "-1", "0.00", "1e9", "CNY", "TRADE_CLOSED"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
edits = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 8), st.binary(max_size=4)), min_size=1, max_size=3)


def edited(genuine: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Each change takes some bytes out at a place and puts others in."""
    for place, gone, put in changes:
        at = place % (len(genuine) + 1)
        genuine = genuine[:at] + put + genuine[at + gone :]
    return genuine


def must_be_recordable(value: Any) -> None:
    """What is accepted must go into Postgres, or it would be accepted again and again."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            must_be_recordable(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            must_be_recordable(each)
    elif isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, datetime):
        assert value.tzinfo is not None
    elif isinstance(value, int):
        assert abs(value) <= LARGEST_BIGINT
    else:
        assert value is None


@each_reader
def test_noise_of_any_kind_is_refused_and_nothing_worse(reader: Reader) -> None:
    usual = reader.signed(dict(reader.said))
    names = st.sampled_from([*usual.headers, "content-type", "x"])

    @bounded
    @given(headers=st.dictionaries(names, st.text(max_size=80), max_size=6), body=st.binary(max_size=400))
    def noise(headers: dict[str, str], body: bytes) -> None:
        for both in (headers, {**usual.headers, **headers}):
            with pytest.raises(MessageRefused):
                reader.read(RawMessage(both, body))

    noise()


@each_reader
def test_a_changed_message_is_refused_or_says_what_was_signed(reader: Reader) -> None:
    """Some changes are none: another order of the fields of a form, an empty field more."""
    usual = reader.signed(dict(reader.said))
    genuine = reader.read(usual)

    @bounded
    @given(changes=edits, header=st.sampled_from([None, *usual.headers]))
    def change(changes: list[tuple[int, int, bytes]], header: str | None) -> None:
        headers, body = dict(usual.headers), usual.body
        if header is None:
            body = edited(body, changes)
        else:
            headers[header] = edited(headers[header].encode("latin-1"), changes).decode("latin-1")
        try:
            read = reader.read(RawMessage(headers, body))
        except MessageRefused:
            return
        assert read == genuine

    change()


@each_reader
def test_what_is_signed_and_odd_is_refused_or_can_be_recorded(reader: Reader) -> None:
    @bounded
    @given(changes=st.dictionaries(st.sampled_from([*reader.said]) | texts, values, min_size=1, max_size=4))
    def odd(changes: dict[str, Any]) -> None:
        try:
            read = reader.read(reader.signed({**reader.said, **changes}))
        except MessageRefused:
            return
        must_be_recordable(read)

    odd()
