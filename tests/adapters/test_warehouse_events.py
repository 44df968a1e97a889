"""Who may tell of parcels, and in which form."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.standard_webhooks import StandardWebhooks
from adapters.warehouse.event import warehouse_event
from domain.returns import ReturnedGoods
from ports.clock import FixedClock, SystemClock
from ports.errors import MessageRefused, RefusalReason
from ports.messages import RawMessage
from ports.warehouse import ParcelEvent, ReturnEvent

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
SENT = int(NOW.timestamp())
SECRET, NEXT, STRANGER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
WEBHOOKS = StandardWebhooks((f"whsec_{SECRET}", NEXT), FixedClock(NOW))
EVENT: dict[str, Any] = {
    "type": "parcel.shipped",
    "reference": "shop.tea.1001",
    "parcel_no": "P-1",
    "carrier": "sf",
    "waybill_no": "SF100001",
    "lines": [{"line_id": "1", "quantity": 2}],
    "occurred_at": "2026-11-22T10:00:00+08:00",
}
BODY = json.dumps(EVENT).encode()


def read(told: RawMessage) -> ParcelEvent:
    event = warehouse_event(WEBHOOKS.verified_id(told), told.body)
    assert isinstance(event, ParcelEvent)
    return event


def signature(content: bytes, secret: str = SECRET) -> str:
    return "v1," + base64.b64encode(hmac.new(base64.b64decode(secret), content, hashlib.sha256).digest()).decode()


def message(body: bytes = BODY, *, secret: str = SECRET, sent: int = SENT, **changes: str | None) -> RawMessage:
    """Signed as evt-1 at `sent`; then `changes` of headers (None takes one away)."""
    signed = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(sent),
        "webhook-signature": signature(f"evt-1.{sent}.".encode() + body, secret),
    }
    headers = {**signed, **{f"webhook-{name}": value for name, value in changes.items()}}
    return RawMessage({name: value for name, value in headers.items() if value is not None}, body)


def refusal(told: RawMessage) -> MessageRefused:
    with pytest.raises(MessageRefused) as refused:
        read(told)
    return refused.value


@pytest.mark.parametrize(
    "told",
    [
        message(),
        message(secret=NEXT),
        message(sent=SENT - 300),
        message(sent=SENT + 300),
        message(signature=f"v1,AAAA v1a,x {message().headers['webhook-signature']}"),
    ],
    ids=["first secret", "next secret", "oldest", "newest", "among others"],
)
def test_a_genuine_event_is_read(told: RawMessage) -> None:
    assert read(told).event_id == "evt-1"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (message(secret=STRANGER), RefusalReason.SIGNATURE),
        (message(signature=None), RefusalReason.SIGNATURE),
        (message(signature=""), RefusalReason.SIGNATURE),
        (message(signature="v1,ä\udce9"), RefusalReason.SIGNATURE),
        (message(signature=message().headers["webhook-signature"].replace("v1,", "v2,")), RefusalReason.SIGNATURE),
        (message(id="evt-2"), RefusalReason.SIGNATURE),
        (message(timestamp=str(SENT + 1)), RefusalReason.SIGNATURE),
        (message(BODY, secret=STRANGER, sent=0), RefusalReason.SIGNATURE),
        (message(sent=SENT - 301), RefusalReason.STALE),
        (message(sent=SENT + 301), RefusalReason.STALE),
        (message(sent=10**11), RefusalReason.STALE),
        *((message(id=wrong), RefusalReason.MALFORMED) for wrong in (None, "", "a b", 'evt.1.{"', "x" * 257)),
        *(
            (message(timestamp=wrong), RefusalReason.MALFORMED)
            for wrong in (None, "", "now", "1.5", "-1", "9" * 13, "١")
        ),
    ],
)
def test_anything_else_is_refused_with_its_reason(told: RawMessage, reason: RefusalReason) -> None:
    assert refusal(told).reason is reason


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        *(({name: None}, name) for name in EVENT),
        *(({name: ""}, name) for name in EVENT),
        *(({name: 1}, name) for name in EVENT),
        ({"type": "parcel.lost"}, "type"),
        ({"reference": "a\x00b"}, "reference"),
        ({"carrier": "x" * 129}, "carrier"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line_id": "1", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"line_id": "1", "quantity": "2"}]}, "lines.0.quantity"),
        ({"lines": [{"line_id": "1", "quantity": 2.0}]}, "lines.0.quantity"),
        ({"lines": [{"line_id": "1", "quantity": True}]}, "lines.0.quantity"),
        ({"lines": [{"line_id": 1, "quantity": 2}]}, "lines.0.line_id"),
        ({"occurred_at": "2026-11-22T10:00:00"}, "occurred_at"),
        ({"occurred_at": "1700000000"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, "occurred_at"),
    ],
    ids=str,
)
def test_a_malformed_event_is_refused_by_field_and_without_values(changes: Mapping[str, Any], named: str) -> None:
    refused = refusal(message(json.dumps({**EVENT, **changes, "phone": "138-1"}).encode()))
    assert refused.reason is RefusalReason.MALFORMED
    assert refused.detail == f"wrong or missing: {named}"
    assert refused.__suppress_context__


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=100),
        st.dictionaries(st.sampled_from([*EVENT]), st.none() | st.integers() | st.text() | st.lists(st.integers())).map(
            lambda changes: json.dumps({**EVENT, **changes}).encode()
        ),
    )
)
def test_a_signed_body_of_any_kind_is_an_event_or_refused(body: bytes) -> None:
    try:
        event = read(message(body))
    except MessageRefused:
        return
    assert event.occurred_at.tzinfo is UTC


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    headers=st.dictionaries(st.sampled_from([*message().headers]), st.text(max_size=60)), body=st.binary(max_size=100)
)
def test_unsigned_noise_is_refused_and_nothing_worse(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(MessageRefused):
        read(RawMessage({**message().headers, **headers}, body + b" "))


@pytest.mark.parametrize("secrets", [(), ("whsec_",), ("not base64!",), ("c2hvcnQ=",)])
def test_a_secret_that_is_none_is_told_at_the_start_without_its_text(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="webhook secret") as told:
        StandardWebhooks(secrets, SystemClock())
    assert "not base64!" not in str(told.value)


def test_a_return_is_told_by_line_and_what_is_not_named_has_not_come() -> None:
    told = {"type": "return.received", "reference": "r1", "occurred_at": EVENT["occurred_at"]}
    lines = [{"line_id": "1", "good": 1, "damaged": 1}, {"line_id": "2", "good": 0}]
    event = warehouse_event("evt-1", json.dumps(told | {"lines": lines}).encode())
    assert isinstance(event, ReturnEvent)
    assert (event.reference, event.goods) == ("r1", (ReturnedGoods("1", 1, 1), ReturnedGoods("2", 0)))
    for wrong in ([{"line_id": "1", "good": -1}], [{"line_id": "1"}], None):
        with pytest.raises(MessageRefused):
            warehouse_event("evt-1", json.dumps(told | {"lines": wrong}).encode())
