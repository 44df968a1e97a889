"""Alipay's RSA2: RSASSA-PKCS1-v1_5 with SHA-256 over text that is put together from fields, in base64."""

import base64
import binascii
from collections.abc import Collection, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def signed_text(fields: Mapping[str, str], *, without: Collection[str], keep_empty: bool) -> str:
    """`k=v&k=v`, sorted by key, values as they are (decoded). Sources disagree on empty values, hence the choice."""
    return "&".join(
        f"{name}={fields[name]}" for name in sorted(fields) if name not in without and (keep_empty or fields[name])
    )


def sign(text: str, key: rsa.RSAPrivateKey, charset: str) -> str:
    return base64.b64encode(key.sign(text.encode(charset), padding.PKCS1v15(), hashes.SHA256())).decode()


def is_genuine(text: str, signature: str, key: rsa.RSAPublicKey, charset: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, text.encode(charset), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, InvalidSignature):
        return False
    return True
