"""The Standard Webhooks scheme, both ways: what the warehouse tells and what the shop is told."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

WINDOW_SECONDS = 300


def webhook_signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`secret` is `whsec_` + base64 of the key, as the scheme has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Signed with the secret, whatever other signatures come along, and of now."""
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > WINDOW_SECONDS:
        return False
    wanted = webhook_signature(secret, headers.get("webhook-id", ""), int(timestamp), body).encode()
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(wanted, each) for each in given)
