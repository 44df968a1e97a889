"""Who is who in the pretend world: account numbers, keys and secrets, kept as files in one directory.

The product reads the same files (the app's private key, Alipay's public key, the tokens) as its configuration.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict

from sandbox.key_files import create_pair, read_private, write
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.wechatpay.keys import create as create_wechatpay

PAIRS = ("alipay", "app")


class Accounts(BaseModel):
    """world.json. The foreign app and seller exist too, they are just not ours.

    Both secrets have the Standard Webhooks form, `whsec_` + base64 of the HMAC key's bytes: the warehouse signs with
    the one, the shop checks with the other what it is told.
    """

    model_config = ConfigDict(frozen=True)

    app_id: str
    seller_id: str
    foreign_app_id: str
    foreign_seller_id: str
    warehouse_token: str
    warehouse_secret: str
    shop_secret: str
    bazaar_token: str
    bazaar_secret: str
    sms_token: str

    @classmethod
    def draw(cls) -> "Accounts":
        return cls(
            app_id=f"2021{_digits(12)}",
            seller_id=f"2088{_digits(12)}",
            foreign_app_id=f"2021{_digits(12)}",
            foreign_seller_id=f"2088{_digits(12)}",
            warehouse_token=secrets.token_urlsafe(24),
            warehouse_secret=_webhook_secret(),
            shop_secret=_webhook_secret(),
            bazaar_token=secrets.token_urlsafe(24),
            bazaar_secret=_webhook_secret(),
            sms_token=secrets.token_urlsafe(24),
        )


@dataclass(frozen=True)
class World:
    """Accounts and keys, ready to use. Alipay's pair signs notices and answers, the app's pair signs requests.

    The app's private key is the merchant's secret; the world has it because forgeries are signed with it.
    """

    accounts: Accounts
    alipay_private: rsa.RSAPrivateKey
    app_private: rsa.RSAPrivateKey
    wechatpay: WechatPayKeys

    @property
    def app_public(self) -> rsa.RSAPublicKey:
        return self.app_private.public_key()

    @classmethod
    def load(cls, directory: Path) -> "World":
        return cls(
            accounts=Accounts.model_validate_json((directory / "world.json").read_bytes()),
            alipay_private=read_private(directory / "alipay_private.pem"),
            app_private=read_private(directory / "app_private.pem"),
            wechatpay=WechatPayKeys.load(directory),
        )


def create(directory: Path) -> World:
    """Write what is missing and leave what is there: a second call changes nothing."""
    directory.mkdir(parents=True, exist_ok=True)
    for pair in PAIRS:
        create_pair(directory, pair)
    _write_accounts(directory / "world.json")
    create_wechatpay(directory)
    return World.load(directory)


def _write_accounts(file: Path) -> None:
    """An older file gets what has been added since."""
    there = json.loads(file.read_bytes()) if file.exists() else {}
    whole = Accounts.draw().model_dump() | there
    if whole != there:
        file.unlink(missing_ok=True)
        write(file, (json.dumps(whole, indent=1) + "\n").encode())


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))
