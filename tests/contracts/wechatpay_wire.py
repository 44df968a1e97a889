"""WeChat Pay's wire, made from its documentation and not from our adapter: notices, and an API that signs answers."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from adapters.http import open_client
from adapters.payments.wechatpay import WechatPay, WechatPayAccount
from ports.clock import FixedClock
from ports.errors import MessageRefused
from ports.messages import RawMessage

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
API = "https://api.example"
MCHID, APP_ID, MERCHANT_SERIAL = "1900000100", "wx0000000000000001", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
CERTIFICATE_SERIAL, PUBLIC_KEY_ID = "0A3B5C7D9E1F2031", "PUB_KEY_ID_0119000001002026112200000001"
API_V3_KEY = "an APIv3 key of 32 characters ..."[:32]
NEXT_API_V3_KEY = "the next APIv3 key, 32 as well .."[:32]
TRADE_NO = "4200002026112222001400000001"
OUT_TRADE_NO = "tools_1001"
NOTICE_ID = "EV-2026112210000000000001"
DELIVERY = "08F2E999C90610A4011889CD8C58-0"

Handler = Callable[[httpx.Request], httpx.Response]
Json = dict[str, Any]

PAID: Json = {
    "mchid": MCHID,
    "appid": APP_ID,
    "out_trade_no": OUT_TRADE_NO,
    "transaction_id": TRADE_NO,
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "CMC",
    "attach": "",
    "success_time": "2026-11-22T10:00:00+08:00",
    "payer": {"openid": "o4GgauInH_RCEdvrrNGrntXDuXXX"},
    "amount": {"total": 8888, "payer_total": 8000, "currency": "CNY", "payer_currency": "CNY"},
}
REFUND: Json = {
    "mchid": MCHID,
    "out_trade_no": OUT_TRADE_NO,
    "transaction_id": TRADE_NO,
    "out_refund_no": "refund-1",
    "refund_id": "50000000382019052709732678859",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-23T09:00:00+08:00",
    "user_received_account": "招商银行信用卡0403",
    "amount": {"total": 8888, "refund": 1000, "payer_total": 8888, "payer_refund": 1000},
}


@cache
def key(role: str) -> rsa.RSAPrivateKey:
    """One key per role and test run."""
    assert role in {"certificate", "public key", "merchant", "stranger"}
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(role: str) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(role).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def private_pem(role: str) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key(role).private_bytes(serialization.Encoding.PEM, form, plain).decode()


@cache
def certificate_pem(role: str = "certificate", serial: str = CERTIFICATE_SERIAL) -> str:
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    builder = (
        x509.CertificateBuilder(named, named, key(role).public_key(), int(serial, 16))
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1825))
    )
    return builder.sign(key(role), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def platform_keys() -> dict[str, str]:
    return {PUBLIC_KEY_ID: public_pem("public key"), CERTIFICATE_SERIAL: certificate_pem()}


def account(**changes: Any) -> WechatPayAccount:
    usual: Json = {
        "name": "tool-entity",
        "mchid": MCHID,
        "app_ids": ("wx0000000000000000", APP_ID),
        "platform_keys": platform_keys(),
        "api_v3_keys": (API_V3_KEY, NEXT_API_V3_KEY),
        "merchant_serial": MERCHANT_SERIAL,
        "merchant_private_key": private_pem("merchant"),
        "api_url": API,
    }
    return WechatPayAccount(**(usual | changes))


def wechatpay(handler: Handler | None = None, *others: WechatPayAccount, **changes: Any) -> WechatPay:
    """The adapter with one account and any others, facing `handler`."""
    client = open_client(transport=httpx.MockTransport(handler or (lambda _: httpx.Response(500))))
    return WechatPay([account(**changes), *others], client, FixedClock(NOW))


def signature(role: str, content: bytes) -> str:
    return base64.b64encode(key(role).sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def signed(role: str, body: bytes, key_id: str = "", stamp: str = STAMP) -> dict[str, str]:
    """The headers of a notice, or of an answer, that `role` signs under `key_id`."""
    nonce = "c5ac7061fccab6bf3e254dcf98995b8c"
    return {
        "Request-ID": DELIVERY,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key_id or (CERTIFICATE_SERIAL if role == "certificate" else PUBLIC_KEY_ID),
        "Wechatpay-Signature": signature(role, f"{stamp}\n{nonce}\n".encode() + body + b"\n"),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Timestamp": stamp,
    }


def changed(said: Mapping[str, Any], changes: Mapping[str, Any]) -> Json:
    """`said` with members replaced (None takes one away), inside `amount` by `amount.total`."""
    result: Json = json.loads(json.dumps(said))
    for name, value in changes.items():
        inside, _, last = name.rpartition(".")
        part = result[inside] if inside else result
        if value is None:
            part.pop(last, None)
        else:
            part[last] = value
    return result


def resource(plain: bytes, api_v3_key: str = API_V3_KEY, associated: str | None = "transaction") -> Json:
    nonce = "fdasflkja484"
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, (associated or "").encode())
    envelope: Json = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": nonce,
    }
    return envelope if associated is None else envelope | {"associated_data": associated}


def envelope(inner: Json, changes: Mapping[str, Any] | None = None) -> bytes:
    whole = {
        "id": NOTICE_ID,
        "create_time": "2026-11-22T10:00:01+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": inner,
    }
    text = json.dumps(changed(whole, changes or {}), ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace")  # a lone surrogate is written as JSON escapes it


def message(body: bytes, *, role: str = "certificate", **changes: str | None) -> RawMessage:
    """Signed by `role`; `changes` replace headers afterwards (None takes one away)."""
    headers: dict[str, str | None] = {**signed(role, body), **{n.replace("_", "-"): v for n, v in changes.items()}}
    return RawMessage.arrived(((name, value) for name, value in headers.items() if value is not None), body)


def notice(
    changes: Mapping[str, Any] | None = None,
    *,
    said: Mapping[str, Any] = PAID,
    outside: Mapping[str, Any] | None = None,
    role: str = "certificate",
    api_v3_key: str = API_V3_KEY,
    associated: str | None = "transaction",
) -> RawMessage:
    """A captured notice with `changes` inside its resource and `outside` it, signed by `role`."""
    plain = json.dumps(changed(said, changes or {}), ensure_ascii=False).encode()
    return message(envelope(resource(plain, api_v3_key, associated), outside), role=role)


def refund_notice(event: str = "SUCCESS") -> RawMessage:
    return notice({"refund_status": event}, said=REFUND, outside={"event_type": f"REFUND.{event}"}, associated="refund")


def answer(said: Mapping[str, Any] | None, status: int = 200, *, role: str = "public key") -> httpx.Response:
    """Signed; without anything said it has no body."""
    body = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
    return httpx.Response(status, content=body, headers=signed(role, body))


def refusal(status: int, code: str, role: str = "public key") -> httpx.Response:
    return answer({"code": code, "message": "原因 {}"}, status, role=role)


def asked(request: httpx.Request) -> tuple[str, str]:
    """Method and path of a request, once its signature by our merchant key is proved."""
    scheme, _, told = request.headers["authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    who = dict(re.findall(r'([a-z_]+)="([^"]*)"', told))
    assert (who["mchid"], who["serial_no"], who["timestamp"]) == (MCHID, MERCHANT_SERIAL, STAMP)
    path = request.url.raw_path.decode()
    content = f"{request.method}\n{path}\n{who['timestamp']}\n{who['nonce_str']}\n".encode() + request.content + b"\n"
    made = base64.b64decode(who["signature"])
    key("merchant").public_key().verify(made, content, padding.PKCS1v15(), hashes.SHA256())
    return request.method, path


def api(say: Callable[[str], httpx.Response]) -> Handler:
    """An API that answers `query` and `close` by `say`, once it knows who asks about which trade."""
    trade = f"/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}"

    def handle(request: httpx.Request) -> httpx.Response:
        method, path = asked(request)
        if (method, path) == ("GET", f"{trade}?mchid={MCHID}"):
            return say("query")
        assert (method, path) == ("POST", f"{trade}/close")
        assert json.loads(request.content) == {"mchid": MCHID}
        return say("close")

    return handle


def old_notice(age_seconds: int) -> RawMessage:
    body = notice().body
    stamp = str(int(NOW.timestamp()) - age_seconds)
    return RawMessage.arrived(signed("certificate", body, stamp=stamp).items(), body)


@cache
def usual() -> WechatPay:
    return wechatpay()


def refused(raw: RawMessage, provider: WechatPay | None = None) -> MessageRefused:
    """How the adapter refuses a notice."""
    with pytest.raises(MessageRefused) as told:
        (provider or usual()).read_notice(raw)
    return told.value
