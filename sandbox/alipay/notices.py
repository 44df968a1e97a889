"""What a notice says and how it is put on the wire, honest or not."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlencode

from sandbox.alipay.trades import Trade, TradeBook, TradeState
from sandbox.courier import Delivery, Envelope
from sandbox.faults import Fault
from sandbox.pace import alipay_time, now
from sandbox.rsa2 import sign, signed_text
from sandbox.world import World
from sandbox.yuan import yuan

PATH = "/webhooks/alipay"
TAKEN = "success"
GBK_EVERY = 4  # one notice in four is in GBK
MORE_MINOR = 100  # by how much an altered amount differs


class Expected(StrEnum):
    """What the receiver should make of a notice: believe it, refuse it, find nothing to do, put it aside."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


REFUSED_BECAUSE = {
    Fault.FORGED_SIGNATURE: "signature",
    Fault.FOREIGN_APP: "app",
    Fault.OTHER_SELLER: "seller",
    Fault.OTHER_CURRENCY: "currency",
}
IMPOSTORS = tuple(REFUSED_BECAUSE)
REFUNDS = (Fault.PARTIAL_REFUND, Fault.FINISHED_AFTER_REFUND)


@dataclass(frozen=True)
class Wording:
    """Merchants differ in charset; sources differ in whether empty values are signed. So do our notices."""

    charset: str
    has_empty_body: bool
    signs_empty: bool

    @classmethod
    def of(cls, running_number: int) -> "Wording":
        return cls(
            charset="GBK" if running_number % GBK_EVERY == 0 else "utf-8",
            has_empty_body=running_number % 3 != 0,
            signs_empty=running_number % 2 == 0,
        )


@dataclass
class Notice:
    """`amount_minor` is what the notice claims. All of its deliveries carry the same `notify_id`.

    `over` is set once the sender stops: the notice was taken or given up.
    """

    notify_id: str
    trade_no: str
    out_trade_no: str
    amount_minor: int
    fields: dict[str, str]
    wording: Wording
    fault: Fault | None
    deliveries: list[Delivery] = field(default_factory=list)
    is_given_up: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def expected(self) -> Expected:
        if self.fault in REFUSED_BECAUSE:
            return Expected.REFUSED
        if self.fault in REFUNDS:
            return Expected.IGNORED
        return Expected.QUARANTINED if self.fault is Fault.OTHER_CONTENT else Expected.ACCEPTED

    @property
    def has_success(self) -> bool:
        return any(self.is_taken(delivery) for delivery in self.deliveries)

    @property
    def is_settled(self) -> bool:
        """Nothing more is to be learned from waiting: it was taken, or rightly not taken, or given up."""
        if self.expected in {Expected.REFUSED, Expected.QUARANTINED}:
            return any(delivery.status is not None for delivery in self.deliveries)
        return self.has_success or self.is_given_up

    def is_taken(self, delivery: Delivery) -> bool:
        return delivery.status == HTTPStatus.OK and delivery.answer == TAKEN

    def shown(self) -> dict[str, object]:
        return {
            "notify_id": self.notify_id,
            "trade_no": self.trade_no,
            "out_trade_no": self.out_trade_no,
            "trade_status": self.fields["trade_status"],
            "charset": self.wording.charset,
            "fault": self.fault,
            "expected": self.expected,
            "expected_reason": REFUSED_BECAUSE.get(self.fault) if self.fault else None,
            "amount_minor": self.amount_minor,
            "deliveries": [delivery.shown() for delivery in self.deliveries],
        }


class NoticeDesk:
    """Writes notices and signs them."""

    def __init__(self, world: World, trades: TradeBook) -> None:
        self._world = world
        self._trades = trades
        self._written = 0

    def write(self, trade: Trade, fault: Fault | None = None, notify_id: str | None = None) -> Notice:
        self._written += 1
        wording = Wording.of(self._written)
        amount = trade.amount_minor + (MORE_MINOR if fault is Fault.OTHER_CONTENT else 0)
        fields = self._fields(trade, wording, amount)
        fields["notify_id"] = notify_id or self._trades.number("notice")
        if fault is Fault.FOREIGN_APP:
            fields |= {
                "app_id": self._world.accounts.foreign_app_id,
                "auth_app_id": self._world.accounts.foreign_app_id,
            }
        elif fault is Fault.OTHER_SELLER:
            fields["seller_id"] = self._world.accounts.foreign_seller_id
        elif fault is Fault.OTHER_CURRENCY:
            fields["trans_currency"] = "USD"
        return Notice(fields["notify_id"], trade.trade_no, trade.out_trade_no, amount, fields, wording, fault)

    def envelope(self, notice: Notice) -> Envelope:
        """notify_time is the time of sending, so each delivery is signed anew."""
        fields = notice.fields | {"notify_time": alipay_time(now())}
        charset = notice.wording.charset
        text = signed_text(fields, without={"sign", "sign_type"}, keep_empty=notice.wording.signs_empty)
        if notice.fault is Fault.FORGED_SIGNATURE:
            fields |= self._forge(fields, text, charset)
        else:
            fields["sign"] = sign(text, self._world.alipay_private, charset)
        content_type = f"application/x-www-form-urlencoded; charset={charset}"
        return Envelope(PATH, {"Content-Type": content_type}, urlencode(fields, encoding=charset).encode("ascii"))

    def _forge(self, fields: dict[str, str], text: str, charset: str) -> dict[str, str]:
        """In turn: signed with a key that is not Alipay's, altered after signing, no signature at all."""
        forgery = int(fields["notify_id"][-6:]) % 3
        if forgery == 0:
            return {"sign": sign(text, self._world.app_private, charset)}
        if forgery == 1:
            return {"sign": sign(text, self._world.alipay_private, charset), "total_amount": "0.01"}
        return {"sign": "bm90IGEgc2lnbmF0dXJl"}

    def _fields(self, trade: Trade, wording: Wording, amount_minor: int) -> dict[str, str]:
        amount = yuan(amount_minor)
        fields = {
            "gmt_create": alipay_time(trade.opened_at),
            "charset": wording.charset,
            "subject": trade.subject,
            "buyer_id": trade.buyer_id,
            "invoice_amount": amount,
            "version": "1.0",
            "fund_bill_list": f'[{{"amount":"{amount}","fundChannel":"ALIPAYACCOUNT"}}]',
            "notify_type": "trade_status_sync",
            "out_trade_no": trade.out_trade_no,
            "total_amount": amount,
            "trade_status": trade.state.value,
            "trade_no": trade.trade_no,
            "auth_app_id": trade.app_id,
            "receipt_amount": amount,
            "point_amount": "0.00",
            "buyer_pay_amount": amount,
            "app_id": trade.app_id,
            "sign_type": "RSA2",
            "seller_id": trade.seller_id,
        }
        if trade.paid_at is not None:
            fields["gmt_payment"] = alipay_time(trade.paid_at)
        if wording.has_empty_body:
            fields["body"] = ""
        if trade.refunded_at is not None:
            fields["refund_fee"] = yuan(trade.refunded_minor)
            fields["gmt_refund"] = alipay_time(trade.refunded_at)
            fields["out_biz_no"] = f"{trade.out_trade_no}_R1"
        if trade.state is TradeState.TRADE_CLOSED and trade.closed_at is not None:
            fields["gmt_close"] = alipay_time(trade.closed_at)
        return fields
