"""What the outside sends, made and signed before any clock starts: orders of the shop, notices of Alipay."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks.load.request import Request
from cli.demo_world import SKUS

CHINA = timezone(timedelta(hours=8))
FORM = {"content-type": "application/x-www-form-urlencoded"}
PRICE_MINOR, QUANTITY, SHIPPING_MINOR = 6800, 2, 800
AMOUNT_MINOR = PRICE_MINOR * QUANTITY + SHIPPING_MINOR
PAY_WITHIN_SECONDS = 86_400
RECIPIENT = {
    "name": "云小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "假想路 1 号",
}


@dataclass(frozen=True)
class Outside:
    """Whose name the notices bear and which key signs them; `token` is the shop's for our API."""

    app_id: str
    seller_id: str
    key: rsa.RSAPrivateKey
    token: str
    warehouse_secret: bytes

    @classmethod
    def of(cls, world: Path, token: str) -> "Outside":
        """`world` holds what `python -m sandbox keys` wrote."""
        accounts = json.loads((world / "world.json").read_text())
        key = serialization.load_pem_private_key((world / "alipay_private.pem").read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        secret = base64.b64decode(accounts["warehouse_secret"].removeprefix("whsec_"))
        return cls(accounts["app_id"], accounts["seller_id"], key, token, secret)

    def notice(self, order_no: str, path: str = "/webhooks/alipay", **more: str) -> Request:
        """A genuine notice: the order is paid in full; `more` fields tell of what came after."""
        moment = datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
        fields = {
            "app_id": self.app_id,
            "charset": "utf-8",
            "gmt_create": moment,
            "gmt_payment": moment,
            "notify_id": f"notice-{order_no}",
            "notify_time": moment,
            "notify_type": "trade_status_sync",
            "out_trade_no": f"tea_{order_no}",
            "seller_id": self.seller_id,
            "subject": "茶铺订单",
            "total_amount": f"{AMOUNT_MINOR // 100}.{AMOUNT_MINOR % 100:02}",
            "trade_no": f"2026{order_no}",
            "trade_status": "TRADE_SUCCESS",
            "version": "1.0",
            **more,
        }
        body = urlencode({**fields, "sign": self._signed(fields), "sign_type": "RSA2"})
        return Request(order_no, "POST", path, FORM, body)

    def refund_notice(self, order_no: str, out_refund_no: str) -> Request:
        """One unit of the order's goods went back under this number."""
        moment = datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S.000")
        fee = f"{PRICE_MINOR // 100}.{PRICE_MINOR % 100:02}"
        told = {"out_biz_no": out_refund_no, "refund_fee": fee, "gmt_refund": moment}
        return self.notice(order_no, notify_id=f"refund-{order_no}", **told)

    def _signed(self, fields: Mapping[str, str]) -> str:
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        return base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def parcel(self, order_no: str, *, delivered: bool) -> Request:
        """The whole order left in one parcel, or arrived."""
        event = {
            "type": "parcel.delivered" if delivered else "parcel.shipped",
            "reference": f"shop.tea.{order_no}",
            "parcel_no": f"P-{order_no}",
            "carrier": "sf",
            "waybill_no": f"SF{order_no}",
            "lines": [{"line_id": "1", "quantity": QUANTITY}],
            "occurred_at": datetime.now(CHINA).isoformat(),
        }
        body, message_id, moment = json.dumps(event), f"{event['type']}-{order_no}", str(int(time.time()))
        signature = hmac.digest(self.warehouse_secret, f"{message_id}.{moment}.{body}".encode(), hashlib.sha256)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        return Request(order_no, "POST", "/webhooks/warehouse", headers, body)

    def order(self, order_no: str, number: int) -> Request:
        """Two units of one of the shop's goods, in turn, and freight."""
        body = {
            "shop_id": "tea",
            "order_no": order_no,
            "placed_at": datetime.now(UTC).isoformat(),
            "customer_id": f"c-{order_no}",
            "customer_note": "",
            "recipient": RECIPIENT,
            "lines": [
                {
                    "line_id": "1",
                    "platform_sku": SKUS[number % len(SKUS)],
                    "title": "龙井",
                    "quantity": QUANTITY,
                    "list_price_minor": PRICE_MINOR,
                }
            ],
            "shipping_minor": SHIPPING_MINOR,
            "payment_plan": [
                {"part": 1, "amount_minor": AMOUNT_MINOR, "pay_within_seconds": PAY_WITHIN_SECONDS},
            ],
        }
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.token}",
            "idempotency-key": order_no,
        }
        return Request(order_no, "POST", "/orders", headers, json.dumps(body, ensure_ascii=False))
