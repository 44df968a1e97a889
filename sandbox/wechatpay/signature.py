"""WeChat Pay's signatures: its own over what it sends, and the check of the merchant's over requests."""

import re
import secrets
from collections.abc import Mapping

from sandbox.pace import now
from sandbox.rsa2 import is_genuine, sign
from sandbox.wechatpay.keys import WechatPayKeys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
WINDOW_SECONDS = 300
_FIELD = re.compile(r'([a-z_]+)="([^"]*)"')


class PlatformSigner:
    """Signs with the certificate's key, and with the public key once that has taken its place."""

    def __init__(self, keys: WechatPayKeys) -> None:
        accounts = keys.accounts
        self._keys = {accounts.certificate_serial: keys.certificate, accounts.public_key_id: keys.key}
        self._next = accounts.public_key_id
        self.key_id = accounts.certificate_serial

    def rotate(self) -> None:
        self.key_id = self._next

    def headers(self, body: str, key_id: str = "", *, age_seconds: int = 0) -> dict[str, str]:
        """Signed with the key `key_id` where that is one of ours, else with the current one."""
        key_id = key_id if key_id in self._keys else self.key_id
        stamp, nonce = int(now().timestamp()) - age_seconds, secrets.token_hex(16)
        return {
            "Content-Type": "application/json",
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": key_id,
            "Wechatpay-Signature": sign(f"{stamp}\n{nonce}\n{body}\n", self._keys[key_id], "utf-8"),
            "Wechatpay-Signature-Type": SCHEME,
            "Wechatpay-Timestamp": str(stamp),
        }


def is_from_merchant(keys: WechatPayKeys, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """`path` with its query, as it was sent."""
    scheme, _, told = headers.get("authorization", "").partition(" ")
    who = dict(_FIELD.findall(told))
    accounts = keys.accounts
    if scheme != SCHEME or who.keys() != {"mchid", "serial_no", "nonce_str", "timestamp", "signature"}:
        return False
    if (who["mchid"], who["serial_no"]) != (accounts.mchid, accounts.merchant_serial):
        return False
    if not who["timestamp"].isdecimal() or abs(now().timestamp() - int(who["timestamp"])) >= WINDOW_SECONDS:
        return False
    text = f"{method}\n{path}\n{who['timestamp']}\n{who['nonce_str']}\n{body.decode(errors='replace')}\n"
    return is_genuine(text, who["signature"], keys.merchant.public_key(), "utf-8")
