"""Alipay's own hand: notices that a test writes itself and signs with the world's key."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.pace import alipay_time, now
from sandbox.rsa2 import sign, signed_text
from sandbox.world import World
from sandbox.yuan import yuan

SECOND_ACCOUNT = {"app_id": "2021000000000222", "seller_id": "2088000000000222"}
"""Another merchant account of ours: not the one this shop is paid to."""


@dataclass(frozen=True)
class Pen:
    world: World

    def notice(
        self, out_trade_no: str, trade_no: str, *, amount_minor: int = 14400, notify_id: str = "", **changes: str
    ) -> bytes:
        """The form of a genuine notice of a captured trade; `changes` replace fields before it is signed."""
        accounts = self.world.accounts
        moment = alipay_time(now())
        fields = {
            "app_id": accounts.app_id,
            "charset": "utf-8",
            "gmt_create": moment,
            "gmt_payment": moment,
            "notify_id": notify_id or f"notice-of-{trade_no}",
            "notify_time": moment,
            "notify_type": "trade_status_sync",
            "out_trade_no": out_trade_no,
            "seller_id": accounts.seller_id,
            "subject": "茶铺订单",
            "total_amount": yuan(amount_minor),
            "trade_no": trade_no,
            "trade_status": "TRADE_SUCCESS",
            "version": "1.0",
            **changes,
        }
        text = signed_text(fields, without=(), keep_empty=True)
        signature = sign(text, self.world.alipay_private, "utf-8")
        return urlencode({**fields, "sign": signature, "sign_type": "RSA2"}).encode()
