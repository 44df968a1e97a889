r"""WeChat Pay's signature WECHATPAY2-SHA256-RSA2048: what it covers, with which key, and for how long it counts.

| direction | signed bytes |
| --- | --- |
| notice to us, answer to us | `timestamp\n` `nonce\n` `raw body\n` |
| request by us | `method\n` `path and query\n` `timestamp\n` `nonce\n` `body\n` |

WeChat Pay signs with the key that `Wechatpay-Serial` names: a platform certificate by its serial number, or its public
key by an id `PUB_KEY_ID_...`. While a merchant changes from one to the other, notices come signed by either.
"""

import base64
import re
import secrets
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.payments import rsa
from ports.clock import Clock
from ports.errors import MessageRefused, RefusalReason

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW_SECONDS = 300
_PUBLIC_KEY_ID = "PUB_KEY_ID_"
_CERTIFICATE_BEGINS = "-----BEGIN CERTIFICATE-----"

# No line end, so the signed text has one reading; no comma, so a header that came twice is none of this form.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_WORD = re.compile(r"[!-+\--~]{1,128}")
_SIGNATURE = re.compile(r"[!-+\--~]{1,2048}")


class PlatformKeys:
    """WeChat Pay's keys by their ids, all of them valid. Raises ValueError naming the id, never the key."""

    def __init__(self, pems: Mapping[str, str], clock: Clock) -> None:
        self._keys = {key_id: _platform_key(key_id, pem) for key_id, pem in pems.items()}
        self._clock = clock

    def verified_key_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """Whose signature this is. Raises MessageRefused: MALFORMED, then SIGNATURE, then STALE (genuine, but old).

        `WECHATPAY/SIGNTEST/...`, by which WeChat Pay probes us, is a wrong signature like any other.
        """
        timestamp = _header(headers, "wechatpay-timestamp", _TIMESTAMP)
        nonce = _header(headers, "wechatpay-nonce", _WORD)
        key_id = _header(headers, "wechatpay-serial", _WORD)
        signature = _header(headers, "wechatpay-signature", _SIGNATURE)
        if headers.get("wechatpay-signature-type", SCHEME) != SCHEME:
            raise MessageRefused(RefusalReason.SIGNATURE, f"wechatpay-signature-type is not {SCHEME}")
        if key_id not in self._keys:
            raise MessageRefused(RefusalReason.SIGNATURE, "wechatpay-serial names no key of ours")
        content = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        if not rsa.made_by(self._keys[key_id], content, _decoded(signature)):
            raise MessageRefused(RefusalReason.SIGNATURE, f"not signed by WeChat Pay's key {key_id}")
        age_seconds = self._clock.now().timestamp() - int(timestamp)
        if abs(age_seconds) >= WINDOW_SECONDS:
            raise MessageRefused(RefusalReason.STALE, f"sent {age_seconds:.0f} s ago, {WINDOW_SECONDS} s are allowed")
        return key_id


class MerchantKey:
    """Ours, registered at WeChat Pay under `serial`. Raises ValueError."""

    def __init__(self, mchid: str, serial: str, pem: str, clock: Clock) -> None:
        self._key = rsa.private_key(pem, "the merchant's private key")
        self._who = f'mchid="{mchid}",serial_no="{serial}"'
        self._clock = clock

    def authorization(self, method: str, path: str, body: bytes) -> str:
        """The header of one request; `path` with its query. A repeated request is signed anew."""
        nonce, timestamp = secrets.token_hex(16), int(self._clock.now().timestamp())
        content = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = rsa.sign(self._key, content)
        return f'{SCHEME} {self._who},nonce_str="{nonce}",timestamp="{timestamp}",signature="{signature}"'


def request_id(headers: Mapping[str, str]) -> str:
    """WeChat Pay's name of one delivery, the only one there is before its body may be read; empty when unreadable."""
    named = headers.get("request-id", "")
    return named if _WORD.fullmatch(named) else ""


def _header(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = headers.get(name, "")
    if not form.fullmatch(value):
        raise MessageRefused(RefusalReason.MALFORMED, f"{name} is missing, comes twice or is not of its form")
    return value


def _decoded(signature: str) -> bytes:
    """Nothing where it is not the one way to write these bytes in base64."""
    try:
        made = base64.b64decode(signature, validate=True)
    except ValueError:
        return b""
    return made if base64.b64encode(made).decode() == signature else b""


def _platform_key(key_id: str, pem: str) -> RSAPublicKey:
    whose = f"WeChat Pay's key {key_id}"
    if key_id.startswith(_PUBLIC_KEY_ID):
        return rsa.public_key(pem, whose)
    if _CERTIFICATE_BEGINS not in pem:
        raise ValueError(f"{whose} is no certificate: the id of a public key begins with {_PUBLIC_KEY_ID}")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise ValueError(f"{whose} is not readable PEM") from None
    if f"{certificate.serial_number:X}" != key_id.lstrip("0"):
        raise ValueError(f"{whose} is a certificate with another serial number")
    return rsa.strong_key(certificate.public_key(), whose)
