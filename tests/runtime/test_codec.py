"""The payload codec: what goes through Temporal can be read with the right key only, and keys can rotate."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

import tests.replay
from runtime.codec import ENCODING, EncryptionCodec
from runtime.temporal import data_converter
from tests.builders import settled
from tests.workflows.world import PAYLOAD_KEYS
from workflows.messages import PaymentSettled

OLD, NEW = b"o" * 32, b"n" * 32
HISTORY = Path(str(tests.replay.__file__)).with_name("histories") / "straight.json"


def clear(text: str = "144.00 CNY") -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(text).encode())


async def sealed(codec: PayloadCodec) -> Payload:
    return (await codec.encode([clear()]))[0]


async def test_what_was_encrypted_comes_back_as_it_was() -> None:
    codec = EncryptionCodec({"k1": OLD})
    payload = await sealed(codec)
    assert payload.metadata["encoding"] == ENCODING
    assert b"144.00" not in payload.SerializeToString()
    assert await codec.decode([payload]) == [clear()]


async def test_the_same_payload_never_looks_the_same_twice() -> None:
    codec = EncryptionCodec({"k1": OLD})
    assert await sealed(codec) != await sealed(codec)


async def test_after_a_rotation_the_new_key_encrypts_and_both_decrypt() -> None:
    before, after = EncryptionCodec({"k1": OLD}), EncryptionCodec({"k2": NEW, "k1": OLD})
    assert await after.decode([await sealed(before), await sealed(after)]) == [clear(), clear()]
    assert (await sealed(after)).metadata["key-id"] == b"k2"
    assert await EncryptionCodec({"k2": NEW}).decode([await sealed(after)]) == [clear()]


async def test_a_missing_key_is_named() -> None:
    with pytest.raises(KeyError, match="k1"):
        await EncryptionCodec({"k2": NEW}).decode([await sealed(EncryptionCodec({"k1": OLD}))])


async def test_what_was_changed_on_the_way_is_refused() -> None:
    codec = EncryptionCodec({"k1": OLD})
    payload = await sealed(codec)
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    with pytest.raises(InvalidTag):
        await codec.decode([payload])


async def test_payloads_of_others_pass_as_they_are() -> None:
    assert await EncryptionCodec({"k1": OLD}).decode([clear()]) == [clear()]


async def test_a_whole_fact_goes_through_the_converter_and_back() -> None:
    converter = data_converter(PAYLOAD_KEYS)
    payloads = await converter.encode([settled()])
    assert b"144" not in payloads[0].data
    assert await converter.decode(payloads, [PaymentSettled]) == [settled()]


def raw(value: Any) -> Iterator[bytes]:
    """Every text of a history, and what it is where it is written in base64."""
    if isinstance(value, dict):
        for each in value.values():
            yield from raw(each)
    elif isinstance(value, list):
        for each in value:
            yield from raw(each)
    else:
        text = str(value)
        yield text.encode()
        with suppress(ValueError):
            yield base64.b64decode(text, validate=True)


@pytest.mark.parametrize("secret", ["14400", "144.00", "TEA-GREEN-250", "T-tea_", "alipay", "c-17", "lin", "OUT-shop"])
def test_a_raw_history_shows_no_amount_no_trade_and_no_person(secret: str) -> None:
    """The order's own number is the workflow's id, and stands there in clear."""
    texts = list(raw(json.loads(HISTORY.read_text())))
    assert len(texts) > 100
    assert not [text for text in texts if secret.encode() in text]
