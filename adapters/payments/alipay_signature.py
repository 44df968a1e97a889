"""Alipay's signature RSA2: RSASSA-PKCS1-v1_5 with SHA-256, base64. What it covers differs by direction:

| direction | signed bytes |
| --- | --- |
| notice to us | sorted `name=value` joined by `&`, decoded values, without sign, sign_type and alipay_cert_sn |
| request by us | the same, but sign_type belongs to it and empty values do not |
| answer to us | the characters of the `..._response` object exactly as they were sent |
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping

from adapters.payments import rsa

SIGN_TYPE = "RSA2"
_NOT_COVERED = frozenset({b"sign", b"sign_type", b"alipay_cert_sn"})
_SPACE = re.compile(r"[ \t\n\r]*")


class AccountKeys:
    """One account's keys, parsed once: theirs (several while they rotate) to verify with, ours to sign with.

    Raises ValueError naming the key's role, never its text.
    """

    def __init__(self, alipay_public_keys: Iterable[str], app_private_key: str) -> None:
        self._theirs = tuple(rsa.public_key(pem, "an Alipay public key") for pem in alipay_public_keys)
        self._ours = rsa.private_key(app_private_key, "the app's private key")
        if not self._theirs:
            raise ValueError("no Alipay public key to verify with")

    def verifies(self, content: bytes, signature: str) -> bool:
        """Whether any of their keys made `signature` (base64) over `content`."""
        try:
            made = base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        return any(rsa.made_by(key, content, made) for key in self._theirs)

    def sign(self, content: bytes) -> str:
        return rsa.sign(self._ours, content)


def notice_contents(fields: Mapping[bytes, bytes]) -> tuple[bytes, ...]:
    """The one or two byte strings that a notice's signature may cover.

    Alipay's own Java code keeps empty values, other public clients drop them: both count. This lets a stranger add
    empty fields to a genuine notice, so whoever reads one must take empty for absent.
    """
    covered = {name: value for name, value in fields.items() if name not in _NOT_COVERED}
    without_empty = {name: value for name, value in covered.items() if value}
    return (_joined(covered),) if covered == without_empty else (_joined(covered), _joined(without_empty))


def request_content(fields: Mapping[str, str]) -> bytes:
    return _joined({name.encode(): value.encode() for name, value in fields.items() if value and name != "sign"})


def answer_members(text: str) -> dict[str, str]:
    """The members of an answer's outer object, each as the exact characters it was written with.

    Raises ValueError (or RecursionError) when it is no such object or a member comes twice: with two, the signature
    could be checked on one and the other be believed.
    """
    decoder = json.JSONDecoder()
    members: dict[str, str] = {}
    at = _past("{", text, 0)
    while True:
        name, at = decoder.raw_decode(text, at)
        if not isinstance(name, str) or name in members:
            raise ValueError("a member without a name of its own")
        start = _past(":", text, at)
        _, at = decoder.raw_decode(text, start)
        members[name] = text[start:at]
        if text[at:].strip() == "}":
            return members
        at = _past(",", text, at)


def _past(mark: str, text: str, at: int) -> int:
    """The place behind `mark` and the white space around it."""
    found = re.compile(rf"{_SPACE.pattern}{re.escape(mark)}{_SPACE.pattern}").match(text, at)
    if found is None:
        raise ValueError(f"no {mark} where one must stand")
    return found.end()


def _joined(fields: Mapping[bytes, bytes]) -> bytes:
    return b"&".join(name + b"=" + fields[name] for name in sorted(fields))
