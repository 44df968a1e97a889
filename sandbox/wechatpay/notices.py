"""What a notice of WeChat Pay says, sealed and signed, honest or not."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.courier import Delivery, Envelope
from sandbox.faults import Fault
from sandbox.pace import now, wechat_time
from sandbox.payments.notices import MORE_MINOR, REFUNDS, Expected, Notice
from sandbox.payments.refunds import Refund
from sandbox.payments.trades import Trade, TradeBook
from sandbox.rsa2 import sign
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.wechatpay.refunds import told
from sandbox.wechatpay.signature import PROBE, PlatformSigner
from sandbox.wechatpay.transactions import transaction

PATH = "/webhooks/wechatpay"
MINUTE, HOUR = 60.0, 3600.0
RETRY_AFTER = (
    *(15.0, 15.0, 30.0, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE),
    *(HOUR, 3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR),
)
UNREADABLE = (Fault.FORGED_SIGNATURE, Fault.SIGN_TEST, Fault.STALE_NOTICE)
IMPOSTORS = (*UNREADABLE, Fault.FOREIGN_APP, Fault.OTHER_SELLER, Fault.OTHER_CURRENCY)
TAKEN = {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
KEPT_BACK_SECONDS = 600

Json = dict[str, object]


@dataclass
class SealedNotice(Notice):
    """`said` is what lies sealed inside. One `request_id` for all its deliveries; `signed_by`: the keys they bore."""

    event_type: str
    said: Json
    request_id: str
    signed_by: list[str] = field(default_factory=list, init=False)

    @property
    def known_as(self) -> str:
        """Whoever does not believe the signature reads no id inside, and keeps that of the delivery."""
        return self.request_id if self.fault in UNREADABLE else self.notify_id

    @property
    def expected(self) -> Expected:
        """Money that goes back pays for nothing, whatever becomes of it."""
        return Expected.IGNORED if self.event_type.startswith("REFUND.") else super().expected

    def is_taken(self, delivery: Delivery) -> bool:
        return delivery.status in TAKEN

    def shown(self) -> dict[str, object]:
        return super().shown() | {"event_type": self.event_type, "signed_by": self.signed_by}


class NoticeDesk:
    """Writes notices, seals and signs them."""

    retry_after: Sequence[float] = RETRY_AFTER
    impostors: Sequence[Fault] = IMPOSTORS

    def __init__(self, keys: WechatPayKeys, trades: TradeBook, signer: PlatformSigner) -> None:
        self._keys = keys
        self._trades = trades
        self._signer = signer
        self._forged = 0

    def write(self, trade: Trade, fault: Fault | None = None, notify_id: str | None = None) -> SealedNotice:
        amount = trade.amount_minor + (MORE_MINOR if fault is Fault.OTHER_CONTENT else 0)
        if fault in REFUNDS:
            event, said = "REFUND.SUCCESS", _refund(trade)
        else:
            event, said = "TRANSACTION.SUCCESS", transaction(trade, amount)
        accounts = self._keys.accounts
        if fault is Fault.FOREIGN_APP:
            said["appid"] = accounts.foreign_app_id
        elif fault is Fault.OTHER_SELLER:
            said["mchid"] = accounts.foreign_mchid
        elif fault is Fault.OTHER_CURRENCY:
            said["amount"] = {"total": amount, "payer_total": amount, "currency": "USD", "payer_currency": "USD"}
        notify_id = notify_id or f"EV-{self._trades.number('notice')}"
        request_id = f"{secrets.token_hex(14).upper()}-0"
        return SealedNotice(notify_id, trade.trade_no, trade.out_trade_no, amount, fault, event, said, request_id)

    def write_refund(self, refund: Refund) -> SealedNotice:
        trade, said = refund.trade, {"mchid": refund.trade.seller_id, **told(refund, "refund_status")}
        event, request_id = f"REFUND.{said['refund_status']}", f"{secrets.token_hex(14).upper()}-0"
        names = (f"EV-{self._trades.number('notice')}", trade.trade_no, trade.out_trade_no, trade.amount_minor)
        return SealedNotice(*names, None, event, said, request_id)

    def envelope(self, notice: SealedNotice) -> Envelope:
        """Sealed and signed anew for each delivery, by whichever key WeChat Pay uses at that time."""
        body = json.dumps(self._content(notice), ensure_ascii=False, separators=(",", ":"))
        age = KEPT_BACK_SECONDS if notice.fault is Fault.STALE_NOTICE else 0
        headers = self._signer.headers(body, age_seconds=age) | {"Request-ID": notice.request_id}
        notice.signed_by.append(headers["Wechatpay-Serial"])
        if notice.fault is Fault.SIGN_TEST:
            headers["Wechatpay-Signature"] = PROBE + headers["Wechatpay-Signature"][len(PROBE) :]
        elif notice.fault is Fault.FORGED_SIGNATURE:
            headers, body = self._forged_anew(headers, body)
        return Envelope(PATH, headers, body.encode())

    def _content(self, notice: SealedNotice) -> Json:
        kind = "refund" if notice.event_type.startswith("REFUND") else "transaction"
        nonce = secrets.token_hex(6)
        plain = json.dumps(notice.said, ensure_ascii=False).encode()
        sealed = AESGCM(self._keys.accounts.api_v3_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
        return {
            "id": notice.notify_id,
            "create_time": wechat_time(now()),
            "resource_type": "encrypt-resource",
            "event_type": notice.event_type,
            "summary": "退款成功" if kind == "refund" else "支付成功",
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": kind,
                "nonce": nonce,
            },
        }

    def _forged_anew(self, headers: dict[str, str], body: str) -> tuple[dict[str, str], str]:
        """In turn: signed with a key that is not WeChat Pay's, altered after signing, signed by a key nobody knows."""
        self._forged += 1
        if self._forged % 3 == 0:
            text = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n{body}\n"
            return headers | {"Wechatpay-Signature": sign(text, self._keys.merchant, "utf-8")}, body
        if self._forged % 3 == 1:
            return headers, body.replace("支付成功", "支付成功 ")
        return headers | {"Wechatpay-Serial": self._keys.accounts.merchant_serial}, body


def _refund(trade: Trade) -> Json:
    assert trade.refunded_at is not None
    refund_no = f"{trade.out_trade_no}_R1"
    amount = {"total": trade.amount_minor, "refund": trade.refunded_minor}
    return {
        "mchid": trade.seller_id,
        "transaction_id": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "refund_id": f"5{trade.trade_no[1:]}",
        "out_refund_no": refund_no,
        "refund_status": "SUCCESS",
        "success_time": wechat_time(trade.refunded_at),
        "user_received_account": "支付用户零钱",
        "amount": amount | {"payer_total": trade.amount_minor, "payer_refund": trade.refunded_minor},
    }
