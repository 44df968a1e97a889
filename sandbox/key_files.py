"""Keys as files, readable by their owner only, and never written over."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BITS = 2048


def create_pair(directory: Path, name: str) -> rsa.RSAPrivateKey:
    """`NAME_private.pem` and `NAME_public.pem`, what is missing of them."""
    private = directory / f"{name}_private.pem"
    if not private.exists():
        write(private, _private_pem(rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)))
    key = read_private(private)
    public = directory / f"{name}_public.pem"
    if not public.exists():
        write(public, _public_pem(key.public_key()))
    return key


def read_private(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return key


def write(path: Path, content: bytes) -> None:
    """Readable by its owner only, from the first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
