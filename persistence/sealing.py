"""Encryption of what the record must not show: AES-256-GCM, with a key per customer where it is personal.

Erasing a customer means deleting the customer's key: what was sealed with it can't be read any more, anywhere.
"""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """The key is gone (customer erased) or is not the one that sealed this."""


def seal(key: bytes, clear: bytes, about: str) -> bytes:
    """Nonce + ciphertext; `about` is bound to it, so that a sealed text can't be moved to another owner."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, about.encode())


def unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    """Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
    except Exception as error:
        raise SealBroken(f"what is sealed for {about} cannot be read with this key") from error


def new_key() -> bytes:
    return AESGCM.generate_key(KEY_BYTES * 8)


def to_text(sealed: bytes) -> str:
    return base64.b64encode(sealed).decode()


def from_text(text: str) -> bytes:
    return base64.b64decode(text)


def keyed_hash(key: bytes, text: str) -> str:
    """A proof of knowing `text` that does not show it."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
