"""An Alipay notice: from a form nobody believes yet, to what it says once its signature is known to be right.

Field lists, states and refund notices: open-docs of Alipay, "alipay.trade.page.pay, asynchronous notice".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl

from domain.errors import InvalidMoney
from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.errors import MessageRefused, RefusalReason
from ports.payments import NoticeKind, PaymentNotice, RefundFact

CHINA = timezone(timedelta(hours=8))
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

# Senders that say gb2312 or gbk send what the wider gb18030 reads.
CHARSETS = {"utf-8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}

_IDS = ("app_id", "seller_id", "notify_id", "trade_no", "out_trade_no")
_REQUIRED = (*_IDS, "trade_status", "total_amount")
_CURRENCIES = ("trans_currency", "settle_currency", "currency")
_AFTER_CLOSE = ("refund_fee", "gmt_refund")
_AFTER_PAYMENT = (*_AFTER_CLOSE, "out_biz_no", "send_back_fee", "dback_status", "dback_amount")

# trade_status -> the kind, the fields that turn it into a notice of money going back (amounts: unless zero).
KINDS: dict[str, tuple[NoticeKind, tuple[str, ...]]] = {
    "WAIT_BUYER_PAY": (NoticeKind.PENDING, ()),
    "TRADE_SUCCESS": (NoticeKind.CAPTURED, _AFTER_PAYMENT),
    "TRADE_FINISHED": (NoticeKind.CAPTURED, _AFTER_PAYMENT),
    "TRADE_CLOSED": (NoticeKind.CLOSED, _AFTER_CLOSE),
}

_MOST_FIELDS = 100
_LONGEST_BODY = 64 * 1024
_LONGEST_VALUE = 4096
_NAME = re.compile(rb"[A-Za-z0-9_]{1,64}")
_ID = re.compile(r"[!-~]{1,128}")
_READ = (*_REQUIRED, *_AFTER_PAYMENT, *_CURRENCIES, "charset", "gmt_payment", "notify_time")
_FIELD_IN_VALUE = re.compile(rb"&(?:" + "|".join(_READ).encode() + rb")=")


@dataclass(frozen=True)
class NoticeForm:
    """`wire`: every field as the bytes that the signature covers; `fields`: the same as text, without the empty."""

    wire: Mapping[bytes, bytes]
    fields: Mapping[str, str]


def read_form(body: bytes) -> NoticeForm:
    """Raises MessageRefused (MALFORMED) for anything but a form with known charset and all that every notice has."""
    wire = _wire(body)
    charset = CHARSETS.get(wire.get(b"charset", b"").decode("latin-1").lower())
    if charset is None:
        raise _malformed(f"charset is none of {', '.join(CHARSETS)}")
    try:
        fields = {name.decode(): value.decode(charset) for name, value in wire.items() if value}
    except UnicodeDecodeError:
        raise _malformed(f"a value is not written in {charset}") from None
    for name in _REQUIRED:
        if name not in fields:
            raise _malformed(f"{name} is missing")
    for name in _IDS:
        if not _ID.fullmatch(fields[name]):
            raise _malformed(f"{name} is no id")
    return NoticeForm(wire, fields)


def _wire(body: bytes) -> dict[bytes, bytes]:
    """The percent-decoded fields. latin-1 maps bytes to characters one to one, so the sender's bytes come out.

    `a=1&b=2` is what Alipay signs both for two fields and for one field `a` with the value `1&b=2`. A genuine notice
    could so be cut anew, say its refund fields hidden inside another value. Hence no odd names, and no value
    that holds the beginning of a field we read.
    """
    if len(body) > _LONGEST_BODY:
        raise _malformed(f"the body is longer than {_LONGEST_BODY} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="latin-1",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _malformed(f"the body is no form of at most {_MOST_FIELDS} fields") from None
    wire = {name.encode("latin-1"): value.encode("latin-1") for name, value in pairs}
    if len(wire) != len(pairs):
        raise _malformed("a field comes twice")
    if not all(_NAME.fullmatch(name) for name in wire):
        raise _malformed("a field has an odd name")
    for name, value in wire.items():
        if len(value) > _LONGEST_VALUE:
            raise _malformed(f"{name.decode()} is longer than {_LONGEST_VALUE} bytes")
        if _FIELD_IN_VALUE.search(value):
            raise _malformed(f"{name.decode()} holds another field")
    return wire


def refuse_other_currency(fields: Mapping[str, str], currency: str) -> None:
    """Notices of domestic trades name no currency; one that does must name the account's."""
    for name in _CURRENCIES:
        if fields.get(name, currency) != currency:
            raise MessageRefused(RefusalReason.CURRENCY, f"{name} is not {currency}")


def payment_notice(fields: Mapping[str, str], *, provider: str, account: str, currency: str) -> PaymentNotice:
    """Translate verified fields. `amount` is always the trade's total, in a refund notice too."""
    kind = _kind(fields, currency)
    paid_at = fields.get("gmt_payment")
    if kind is NoticeKind.CAPTURED and paid_at is None:
        paid_at = fields.get("notify_time", "")
    return PaymentNotice(
        provider=provider,
        account=account,
        notice_id=fields["notify_id"],
        kind=kind,
        trade_no=fields["trade_no"],
        out_trade_no=fields["out_trade_no"],
        amount=_amount(fields, "total_amount", currency),
        state=fields["trade_status"],
        paid_at=None if paid_at is None else _paid_at(paid_at),
        refund=_refund(fields) if kind is NoticeKind.REFUND else None,
    )


def _refund(fields: Mapping[str, str]) -> RefundFact | None:
    """`refund_fee` is the sum of all refunds of the trade, so the notice names no amount of this one.

    A notice of a bank that sent the money back again (`dback_status`) does not say that it arrived.
    """
    at = refunded_at(fields.get("gmt_refund"))
    number = fields.get("out_biz_no", "")
    if at is None or not _ID.fullmatch(number) or "dback_status" in fields:
        return None
    return RefundFact(number, RefundOutcome.DONE, at=at)


def _kind(fields: Mapping[str, str], currency: str) -> NoticeKind:
    state = fields["trade_status"]
    if state not in KINDS:
        raise _malformed(f"trade_status {state[:64]!a} is not known")
    kind, refund_marks = KINDS[state]
    refunded = any(
        _amount(fields, mark, currency).amount_minor if mark.endswith(("_fee", "_amount")) else True
        for mark in refund_marks
        if mark in fields
    )
    return NoticeKind.REFUND if refunded else kind


def _amount(fields: Mapping[str, str], name: str, currency: str) -> Money:
    try:
        return yuan(fields[name], currency)
    except InvalidMoney:
        raise _malformed(f"{name} is not an amount of {currency}") from None


def _paid_at(text: str) -> datetime:
    try:
        return china_time(text)
    except ValueError:
        raise _malformed("the time of payment is missing or is no time") from None


def yuan(text: str, currency: str) -> Money:
    """`88.88`; raises InvalidMoney. Digits of other scripts, which Python would take, are refused."""
    if not text.isascii():
        raise InvalidMoney("an amount is written in ASCII digits")
    return Money.from_decimal(text, currency)


def china_time(text: str) -> datetime:
    """`2026-11-22 10:00:00`, which Alipay means as +08:00, in UTC. Raises ValueError."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def refunded_at(text: object) -> datetime | None:
    """A time which some notices write with fractions of a second; None where there is none to read."""
    try:
        return china_time(text.partition(".")[0]) if isinstance(text, str) else None
    except ValueError:
        return None


def _malformed(detail: str) -> MessageRefused:
    return MessageRefused(RefusalReason.MALFORMED, detail)
