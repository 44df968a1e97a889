"""RSASSA-PKCS1-v1_5 with SHA-256, which Alipay calls RSA2 and WeChat Pay SHA256-RSA2048. Keys are PEM."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_SMALLEST_KEY_BITS = 2048


def public_key(pem: str, whose: str) -> rsa.RSAPublicKey:
    """Raises ValueError that names the key by `whose`, never by its text. So do the others."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        raise ValueError(f"{whose} is not readable PEM") from None
    return strong_key(key, whose)


def strong_key(key: object, whose: str) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_KEY_BITS:
        raise ValueError(f"{whose} is not RSA of {_SMALLEST_KEY_BITS} bits or more")
    return key


def private_key(pem: str, whose: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError(f"{whose} is not readable PEM without password") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SMALLEST_KEY_BITS:
        raise ValueError(f"{whose} is not RSA of {_SMALLEST_KEY_BITS} bits or more")
    return key


def sign(key: rsa.RSAPrivateKey, content: bytes) -> str:
    """In base64."""
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def made_by(key: rsa.RSAPublicKey, content: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
