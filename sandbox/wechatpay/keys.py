"""Who is who at WeChat Pay, and the keys: a platform certificate, the public key that follows it, the merchant's."""

import json
import secrets
import string
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict

from sandbox.key_files import create_pair, read_private, write
from sandbox.pace import now

ACCOUNTS_FILE = "wechatpay.json"
API_V3_KEY_FILE = "wechatpay_api_v3_key.txt"
CERTIFICATE_FILE = "wechatpay_certificate.pem"
PAIRS = ("wechatpay_certificate", "wechatpay_key", "merchant")
CERTIFICATE_LASTS = timedelta(days=5 * 365)


class Accounts(BaseModel):
    """wechatpay.json. The foreign app and merchant exist too, they are just not ours."""

    model_config = ConfigDict(frozen=True)

    app_id: str
    mchid: str
    foreign_app_id: str
    foreign_mchid: str
    merchant_serial: str
    certificate_serial: str
    public_key_id: str
    api_v3_key: str

    @classmethod
    def draw(cls) -> "Accounts":
        return cls(
            app_id=f"wx{secrets.token_hex(8)}",
            mchid=f"19{_digits(8)}",
            foreign_app_id=f"wx{secrets.token_hex(8)}",
            foreign_mchid=f"16{_digits(8)}",
            merchant_serial=_serial(),
            certificate_serial=_serial(),
            public_key_id=f"PUB_KEY_ID_01{_digits(30)}",
            api_v3_key="".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32)),
        )


@dataclass(frozen=True)
class WechatPayKeys:
    """`certificate` signs until WeChat Pay's key rotates, then `key`; `merchant` signs requests to it.

    The merchant's private key is his secret; the world has it because forgeries are signed with it.
    """

    accounts: Accounts
    certificate: rsa.RSAPrivateKey
    key: rsa.RSAPrivateKey
    merchant: rsa.RSAPrivateKey

    @classmethod
    def load(cls, directory: Path) -> "WechatPayKeys":
        accounts = Accounts.model_validate_json((directory / ACCOUNTS_FILE).read_bytes())
        return cls(accounts, *(read_private(directory / f"{name}_private.pem") for name in PAIRS))


def create(directory: Path) -> None:
    """Write what is missing and leave what is there."""
    pairs = {name: create_pair(directory, name) for name in PAIRS}
    file = directory / ACCOUNTS_FILE
    if not file.exists():
        write(file, (json.dumps(Accounts.draw().model_dump(), indent=1) + "\n").encode())
    accounts = Accounts.model_validate_json(file.read_bytes())
    if not (directory / API_V3_KEY_FILE).exists():
        write(directory / API_V3_KEY_FILE, accounts.api_v3_key.encode())
    if not (directory / CERTIFICATE_FILE).exists():
        write(directory / CERTIFICATE_FILE, _certificate(pairs["wechatpay_certificate"], accounts.certificate_serial))


def _certificate(key: rsa.RSAPrivateKey, serial: str) -> bytes:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pretend WeChat Pay")])
    builder = x509.CertificateBuilder(named, named, key.public_key(), int(serial, 16))
    lasting = builder.not_valid_before(now()).not_valid_after(now() + CERTIFICATE_LASTS)
    return lasting.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _digits(count: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(count))


def _serial() -> str:
    """40 hexadecimal digits that are a positive number to X.509."""
    return f"{secrets.randbelow(2**158) + 2**152:040X}"
