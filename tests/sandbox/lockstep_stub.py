"""A tiny Lockstep API: it takes orders, believes what is properly signed and remembers everything.

Signatures are verified here by code written apart from the sandbox's own.
"""

import base64
import hashlib
import hmac
import json
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from sandbox.pace import now
from sandbox.world import World


def decoded(body: bytes) -> dict[str, str]:
    charset = dict(parse_qsl(body.decode()))["charset"]
    return dict(parse_qsl(body.decode(), keep_blank_values=True, encoding=charset))


def is_from_alipay(fields: dict[str, str], key: RSAPublicKey) -> bool:
    named = [(k, v) for k, v in sorted(fields.items()) if k not in ("sign", "sign_type")]
    for pairs in (named, [(k, v) for k, v in named if v]):
        text = "&".join("=".join(pair) for pair in pairs).encode(fields["charset"])
        try:
            key.verify(base64.b64decode(fields["sign"]), text, PKCS1v15(), SHA256())
        except InvalidSignature:
            continue
        return True
    return False


def is_from_wechatpay(request: Request, body: bytes, keys: dict[str, RSAPublicKey]) -> bool:
    told = {name: request.headers[f"wechatpay-{name}"] for name in ("serial", "timestamp", "nonce", "signature")}
    if told["serial"] not in keys:
        return False
    text = b"\n".join([told["timestamp"].encode(), told["nonce"].encode(), body, b""])
    try:
        keys[told["serial"]].verify(base64.b64decode(told["signature"]), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def unsealed(resource: dict[str, str], key: str) -> dict[str, Any]:
    sealed, nonce = base64.b64decode(resource["ciphertext"]), resource["nonce"].encode()
    said = json.loads(AESGCM(key.encode()).decrypt(nonce, sealed, resource["associated_data"].encode()))
    assert isinstance(said, dict)
    return said


class LockstepStub:
    def __init__(self, world: World) -> None:
        self.world = world
        self.orders: dict[str, dict[str, Any]] = {}
        self.order_keys: list[str] = []
        self.cancelled: list[str] = []
        self.notices: list[dict[str, Any]] = []
        self.verdicts: dict[str, list[str]] = defaultdict(list)
        self.messages: list[tuple[str, bytes]] = []
        self.answers: list[tuple[int, str]] = []  # used up first, instead of the honest ones
        self.app = FastAPI()
        self.app.add_api_route("/orders", self.place, methods=["POST"], response_model=None)
        self.app.add_api_route("/orders/shop/{shop}/{no}/cancel", self.cancel, methods=["POST"], response_model=None)
        self.app.add_api_route("/webhooks/alipay", self.alipay, methods=["POST"], response_model=None)
        self.app.add_api_route("/webhooks/wechatpay", self.wechatpay, methods=["POST"], response_model=None)
        self.app.add_api_route("/webhooks/warehouse", self.warehouse, methods=["POST"], response_model=None)

    def _planned(self) -> Response | None:
        if not self.answers:
            return None
        status, text = self.answers.pop(0)
        return PlainTextResponse(text, status)

    async def place(self, request: Request) -> Response | dict[str, Any]:
        self.order_keys.append(request.headers["idempotency-key"])
        assert request.headers["authorization"] == "Bearer shop-token"
        if (planned := self._planned()) is not None:
            return planned
        order = await request.json()
        out_trade_no = f"{order['shop_id']}_{order['order_no']}"
        self.orders[out_trade_no] = order
        return {"out_trade_nos": [out_trade_no]}

    async def cancel(self, shop: str, no: str) -> dict[str, Any]:
        self.cancelled.append(f"{shop}_{no}")
        return {}

    async def alipay(self, request: Request) -> Response:
        fields = decoded(await request.body())
        self.notices.append(fields)
        if (planned := self._planned()) is not None:
            return planned
        verdict = self.judge(fields)
        self.verdicts[fields["notify_id"]].append(verdict)
        return PlainTextResponse("success") if verdict == "accepted" else PlainTextResponse("fail", 400)

    def judge(self, fields: dict[str, str]) -> str:
        accounts = self.world.accounts
        if not is_from_alipay(fields, self.world.alipay_private.public_key()):
            return "signature"
        if fields["app_id"] != accounts.app_id:
            return "app"
        if fields["seller_id"] != accounts.seller_id:
            return "seller"
        return "currency" if fields.get("trans_currency", "CNY") != "CNY" else "accepted"

    async def wechatpay(self, request: Request) -> Response:
        """Kept as Alipay's notices are, under the same names of fields."""
        accounts, body = self.world.wechatpay.accounts, await request.body()
        keys = {accounts.certificate_serial: self.world.wechatpay.certificate.public_key()}
        keys[accounts.public_key_id] = self.world.wechatpay.key.public_key()
        if not is_from_wechatpay(request, body, keys):
            notice, verdict = {"notify_id": request.headers["request-id"]}, "signature"
        elif abs(now().timestamp() - int(request.headers["wechatpay-timestamp"])) >= 300:
            notice, verdict = {"notify_id": request.headers["request-id"]}, "stale"
        else:
            envelope = json.loads(body)
            said = unsealed(envelope["resource"], accounts.api_v3_key)
            notice = {**said, "notify_id": envelope["id"], "event": envelope["event_type"]}
            notice["key_id"] = request.headers["wechatpay-serial"]
            verdict = self.judge_wechatpay(said)
        self.notices.append(notice)
        if (planned := self._planned()) is not None:
            return planned
        self.verdicts[notice["notify_id"]].append(verdict)
        return Response(status_code=204) if verdict == "accepted" else PlainTextResponse("", 401)

    def judge_wechatpay(self, said: dict[str, Any]) -> str:
        accounts = self.world.wechatpay.accounts
        if said["mchid"] != accounts.mchid:
            return "seller"
        if said.get("appid", accounts.app_id) != accounts.app_id:
            return "app"
        return "currency" if said["amount"].get("currency", "CNY") != "CNY" else "accepted"

    async def warehouse(self, request: Request) -> Response:
        body = await request.body()
        if (planned := self._planned()) is not None:
            return planned
        secret = base64.b64decode(self.world.accounts.warehouse_secret.removeprefix("whsec_"))
        name, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        mac = hmac.new(secret, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        assert request.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
        self.messages.append((name, body))
        return Response(status_code=204)
