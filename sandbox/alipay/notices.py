"""What a notice says and how it is put on the wire, honest or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from sandbox.courier import Delivery, Envelope
from sandbox.faults import Fault
from sandbox.pace import alipay_time, now
from sandbox.payments.notices import MORE_MINOR, Notice
from sandbox.payments.trades import Trade, TradeBook, TradeState
from sandbox.rsa2 import sign, signed_text
from sandbox.world import World
from sandbox.yuan import yuan

PATH = "/webhooks/alipay"
TAKEN = "success"
GBK_EVERY = 4  # one notice in four is in GBK


MINUTE, HOUR = 60.0, 3600.0
RETRY_AFTER = (4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR)
WORDS = {
    TradeState.WAITING: "WAIT_BUYER_PAY",
    TradeState.PAID: "TRADE_SUCCESS",
    TradeState.FINISHED: "TRADE_FINISHED",
    TradeState.CLOSED: "TRADE_CLOSED",
}
IMPOSTORS = (Fault.FORGED_SIGNATURE, Fault.FOREIGN_APP, Fault.OTHER_SELLER, Fault.OTHER_CURRENCY)


def status(trade: Trade) -> str:
    """One word for a trade that was never paid and for one that was paid back in full."""
    return WORDS[TradeState.CLOSED] if trade.refunded_minor >= trade.amount_minor else WORDS[trade.state]


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
class FormNotice(Notice):
    fields: dict[str, str]
    wording: Wording

    def is_taken(self, delivery: Delivery) -> bool:
        return delivery.status == HTTPStatus.OK and delivery.answer == TAKEN

    def shown(self) -> dict[str, object]:
        return super().shown() | {"trade_status": self.fields["trade_status"], "charset": self.wording.charset}


class NoticeDesk:
    """Writes notices and signs them."""

    retry_after: Sequence[float] = RETRY_AFTER
    impostors: Sequence[Fault] = IMPOSTORS

    def __init__(self, world: World, trades: TradeBook) -> None:
        self._world = world
        self._trades = trades
        self._written = 0

    def write(self, trade: Trade, fault: Fault | None = None, notify_id: str | None = None) -> FormNotice:
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
        return FormNotice(fields["notify_id"], trade.trade_no, trade.out_trade_no, amount, fault, fields, wording)

    def envelope(self, notice: FormNotice) -> Envelope:
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
            "trade_status": status(trade),
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
            fields["out_biz_no"] = trade.refund_number
        if trade.state is TradeState.CLOSED and trade.closed_at is not None:
            fields["gmt_close"] = alipay_time(trade.closed_at)
        return fields
