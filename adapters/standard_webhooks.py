"""Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over `{id}.{timestamp}.{raw body}`.

Both directions: what comes in is verified, what goes out is signed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from ports.clock import Clock
from ports.errors import MessageRefused, RefusalReason
from ports.messages import RawMessage

WINDOW_SECONDS = 300
_PREFIX = "whsec_"
_SHORTEST_SECRET_BYTES = 16
_MOST_SIGNATURES = 20

# No braces, quotes or spaces: an id cannot swallow the beginning of a JSON body, so the signed text has one reading.
_ID = re.compile(r"[A-Za-z0-9._:/|@+-]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class StandardWebhooks:
    """`secrets` are base64, with or without `whsec_`. Raises ValueError, without the secret, when one is not."""

    def __init__(self, secrets: Iterable[str], clock: Clock) -> None:
        self._secrets = tuple(_decoded(secret) for secret in secrets)
        self._clock = clock
        if not self._secrets:
            raise ValueError("there is no webhook secret")

    def headers(self, message_id: str, body: bytes) -> dict[str, str]:
        """What a message of ours carries, sent now. Signed with every secret: the receiver may know any of them."""
        timestamp = str(int(self._clock.now().timestamp()))
        signatures = self._signatures(f"{message_id}.{timestamp}.".encode() + body)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": b" ".join(signatures).decode(),
        }

    def verified_id(self, message: RawMessage) -> str:
        """The `webhook-id`. Raises MessageRefused: MALFORMED, then SIGNATURE, then STALE (genuine, but not of now)."""
        message_id = _header(message.headers, "webhook-id", _ID)
        timestamp = _header(message.headers, "webhook-timestamp", _TIMESTAMP)
        content = f"{message_id}.{timestamp}.".encode() + message.body
        if not self._signed(content, message.headers.get("webhook-signature", "")):
            raise MessageRefused(RefusalReason.SIGNATURE, "no signature of webhook-signature is made with our secrets")
        age_seconds = self._clock.now().timestamp() - int(timestamp)
        if abs(age_seconds) > WINDOW_SECONDS:
            raise MessageRefused(RefusalReason.STALE, f"sent {age_seconds:.0f} s ago, {WINDOW_SECONDS} s are allowed")
        return message_id

    def _signed(self, content: bytes, signatures: str) -> bool:
        given = [part.encode(errors="replace") for part in signatures.split(" ")[:_MOST_SIGNATURES]]
        return any(hmac.compare_digest(one, other) for one in self._signatures(content) for other in given)

    def _signatures(self, content: bytes) -> list[bytes]:
        return [b"v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)) for key in self._secrets]


def _header(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = headers.get(name, "")
    if not form.fullmatch(value):
        raise MessageRefused(RefusalReason.MALFORMED, f"{name} is missing or not of its form")
    return value


def _decoded(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError("a webhook secret is not base64") from None
    if len(key) < _SHORTEST_SECRET_BYTES:
        raise ValueError(f"a webhook secret is shorter than {_SHORTEST_SECRET_BYTES} bytes")
    return key
