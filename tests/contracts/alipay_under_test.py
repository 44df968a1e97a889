"""Alipay's side, made from its documentation and not from our adapter: notices, and a gateway that signs answers."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.http import open_client
from adapters.payments.alipay import Alipay, AlipayAccount
from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.clock import FixedClock
from ports.errors import RefusalReason
from ports.messages import RawMessage
from ports.payments import NoticeKind, PaymentNotice, RefundFact, TradeAnswer, TradeQuestion, TradeState
from tests.contracts.provider_under_test import Genuine, Refused

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
GATEWAY = "https://gateway.example/gateway.do"
TRADE_NO = "2026112222001400000000000001"
OUT_TRADE_NO = "tea_1001"

Handler = Callable[[httpx.Request], httpx.Response]

CAPTURED = {
    "app_id": "2021000000000001",
    "buyer_pay_amount": "88.88",
    "charset": "utf-8",
    "fund_bill_list": '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
    "gmt_create": "2026-11-22 09:59:51",
    "gmt_payment": "2026-11-22 10:00:00",
    "notify_id": "2026112200222100000000000000000001",
    "notify_time": "2026-11-22 10:00:01",
    "notify_type": "trade_status_sync",
    "out_trade_no": OUT_TRADE_NO,
    "seller_id": "2088000000000001",
    "subject": "龙井茶 50% & more + 茶具",
    "total_amount": "88.88",
    "trade_no": TRADE_NO,
    "trade_status": "TRADE_SUCCESS",
    "version": "1.0",
}
REFUND = {"refund_fee": "10.00", "gmt_refund": "2026-11-23 09:00:00.320", "out_biz_no": "refund-1"}

REFUNDED = RefundFact("refund-1", RefundOutcome.DONE, at=datetime(2026, 11, 23, 1, 0, tzinfo=UTC))


@cache
def key(role: str) -> rsa.RSAPrivateKey:
    """One key per role and test run."""
    assert role in {"alipay", "alipay's next", "app", "stranger"}
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(role: str) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(role).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def private_pem(role: str) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key(role).private_bytes(serialization.Encoding.PEM, form, plain).decode()


def signed(role: str, content: bytes) -> str:
    return base64.b64encode(key(role).sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def account(**changes: Any) -> AlipayAccount:
    usual: dict[str, Any] = {
        "name": "tea-entity",
        "app_id": CAPTURED["app_id"],
        "seller_id": CAPTURED["seller_id"],
        "alipay_public_keys": (public_pem("alipay"), public_pem("alipay's next")),
        "app_private_key": private_pem("app"),
        "gateway_url": GATEWAY,
    }
    return AlipayAccount(**(usual | changes))


def alipay(handler: Handler | None = None, **changes: Any) -> Alipay:
    """The adapter with one account, facing `handler`."""
    client = open_client(transport=httpx.MockTransport(handler or (lambda _: httpx.Response(500))))
    return Alipay([account(**changes)], client, FixedClock(NOW))


def content(fields: Mapping[str, str], charset: str = "utf-8", *, drop_empty: bool = False) -> bytes:
    """What Alipay signs of a notice."""
    covered = {n: v for n, v in fields.items() if n not in {"sign", "sign_type"} and (v or not drop_empty)}
    return "&".join(f"{name}={covered[name]}" for name in sorted(covered)).encode(charset)


def form(fields: Mapping[str, str], charset: str = "utf-8") -> RawMessage:
    body = urlencode(fields, encoding=charset).encode()
    return RawMessage({"content-type": "application/x-www-form-urlencoded"}, body)


def notice(
    changes: Mapping[str, str | None] | None = None,
    *,
    role: str = "alipay",
    charset: str = "utf-8",
    drop_empty: bool = False,
    after: Mapping[str, str] | None = None,
) -> RawMessage:
    """A captured notice with `changes` (None takes a field away), signed by `role`, then changed by `after`."""
    fields = {n: v for n, v in {**CAPTURED, "charset": charset, **(changes or {})}.items() if v is not None}
    sign = signed(role, content(fields, charset, drop_empty=drop_empty))
    return form({**fields, "sign": sign, "sign_type": "RSA2", **(after or {})}, charset)


def answer(method: str, said: Mapping[str, Any], *, role: str = "alipay", sign: str | None = None) -> httpx.Response:
    raw = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    sign = signed(role, raw.encode()) if sign is None else sign
    return httpx.Response(200, text=f'{{"{method.replace(".", "_")}_response":{raw},"sign":"{sign}"}}')


def said_of(state: TradeState, method: str) -> dict[str, str]:
    """What the gateway says of a trade in `state`. Only a trade that waits for its buyer can be closed."""
    trade = {"code": "10000", "msg": "Success", "trade_no": TRADE_NO, "out_trade_no": OUT_TRADE_NO}
    failed = {"code": "40004", "msg": "Business Failed", "sub_msg": "{交易}不存在"}
    if state is TradeState.NOT_FOUND:
        return failed | {"sub_code": "ACQ.TRADE_NOT_EXIST"}
    if method == "alipay.trade.close":
        return trade if state is TradeState.UNPAID else failed | {"sub_code": "ACQ.TRADE_STATUS_ERROR"}
    status = {TradeState.PAID: "TRADE_SUCCESS", TradeState.UNPAID: "WAIT_BUYER_PAY", TradeState.CLOSED: "TRADE_CLOSED"}
    status[TradeState.REFUNDED] = status[TradeState.CLOSED]
    was_paid = state in (TradeState.PAID, TradeState.REFUNDED)
    paid = {"send_pay_date": CAPTURED["gmt_payment"]} if was_paid else {}
    return {**trade, **paid, "trade_status": status[state], "total_amount": CAPTURED["total_amount"]}


def request_fields(request: httpx.Request) -> dict[str, str]:
    """The form of a request, once its signature by our app is proved."""
    fields = dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))
    covered = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign").encode()
    key("app").public_key().verify(base64.b64decode(fields["sign"]), covered, padding.PKCS1v15(), hashes.SHA256())
    return fields


def gateway(say: Callable[[str], httpx.Response]) -> Handler:
    """A gateway that answers each method by `say`, once it knows who asks about which trade."""

    def handle(request: httpx.Request) -> httpx.Response:
        fields = request_fields(request)
        assert json.loads(fields["biz_content"]) == {"out_trade_no": OUT_TRADE_NO}
        return say(fields["method"])

    return handle


class AlipayUnderTest:
    name = "alipay"
    question = TradeQuestion("alipay", "tea-entity", OUT_TRADE_NO, "order/shop/tea/1001/query")
    paid = TradeAnswer(TradeState.PAID, TRADE_NO, Money(8888), datetime(2026, 11, 22, 2, 0, tzinfo=UTC))

    def __init__(self) -> None:
        self.provider = alipay()

    def genuine(self) -> Mapping[str, Genuine]:
        closed = {"trade_status": "TRADE_CLOSED", "gmt_close": "2026-11-23 09:00:00"}
        waiting = {"trade_status": "WAIT_BUYER_PAY", "gmt_payment": None}
        return {
            "captured": _genuine(NoticeKind.CAPTURED),
            "finished": _genuine(NoticeKind.CAPTURED, {"trade_status": "TRADE_FINISHED"}),
            "refund": _genuine(NoticeKind.REFUND, REFUND),
            "finished after a refund": _genuine(NoticeKind.REFUND, REFUND | {"trade_status": "TRADE_FINISHED"}),
            "refunded in full": _genuine(NoticeKind.REFUND, REFUND | closed),
            "closed unpaid": _genuine(NoticeKind.CLOSED, {**closed, "gmt_payment": None}),
            "pending": _genuine(NoticeKind.PENDING, waiting),
            "in GBK": _genuine(NoticeKind.CAPTURED, charset="gbk"),
            "in GB2312": _genuine(NoticeKind.CAPTURED, charset="gb2312"),
            "in GB18030": _genuine(NoticeKind.CAPTURED, charset="gb18030"),
            "empty values signed": _genuine(NoticeKind.CAPTURED, {"body": "", "refund_fee": ""}),
            "empty values not signed": _genuine(NoticeKind.CAPTURED, {"body": "", "gmt_refund": ""}, drop_empty=True),
            "signed by the next key": _genuine(NoticeKind.CAPTURED, role="alipay's next"),
            "nothing refunded": _genuine(NoticeKind.CAPTURED, {"refund_fee": "0.00"}),
            "own currency named": _genuine(NoticeKind.CAPTURED, {"trans_currency": "CNY"}),
        }

    def refused(self) -> Mapping[str, Refused]:
        return {
            "nothing": Refused(RawMessage({}, b""), RefusalReason.MALFORMED),
            "forged": Refused(notice(role="stranger"), RefusalReason.SIGNATURE),
            "unsigned": Refused(form(CAPTURED | {"sign_type": "RSA2"}), RefusalReason.SIGNATURE),
            "tampered amount": Refused(notice(after={"total_amount": "0.01"}), RefusalReason.SIGNATURE),
            "foreign app": Refused(notice({"app_id": "2021000000000009"}), RefusalReason.APP),
            "foreign seller": Refused(notice({"seller_id": "2088000000000009"}), RefusalReason.SELLER),
            "other currency": Refused(notice({"trans_currency": "USD"}), RefusalReason.CURRENCY),
            "unknown state": Refused(notice({"trade_status": "TRADE_ODD"}), RefusalReason.MALFORMED),
        }

    def provider_where(self, trade: TradeState) -> Alipay:
        return alipay(gateway(lambda method: answer(method, said_of(trade, method))))

    def provider_in_trouble(self) -> Iterator[tuple[str, Alipay]]:
        def cut(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("cut", request=request)

        yield "cut off", alipay(cut)
        yield "HTTP 502", alipay(lambda _: httpx.Response(502))
        yield "HTTP 429", alipay(lambda _: httpx.Response(429))
        for code in ({"code": "20000"}, {"code": "40005"}, {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}):
            yield str(code), alipay(gateway(lambda method, code=code: answer(method, code)))  # type: ignore[misc]
        yield (
            "outage before asking who",
            alipay(lambda _: httpx.Response(200, json={"error_response": {"code": "20000"}})),
        )

    def provider_babbling(self) -> Iterator[tuple[str, Alipay]]:
        def saying(**changes: str) -> Alipay:
            return alipay(
                gateway(lambda method: answer(method, said_of(TradeState.PAID, "alipay.trade.query") | changes))
            )

        usual = said_of(TradeState.UNPAID, "alipay.trade.query")
        yield "another trade", saying(out_trade_no="tea_1002")
        yield "unknown code", saying(code="40004", sub_code="ACQ.SOMETHING_NEW")
        yield "no code", saying(code="")
        yield "stranger's signature", alipay(gateway(lambda method: answer(method, usual, role="stranger")))
        yield "no signature", alipay(gateway(lambda method: answer(method, usual, sign="")))
        yield "another method", alipay(gateway(lambda _: answer("alipay.trade.pay", usual)))
        yield "unknown app", alipay(lambda _: httpx.Response(200, json={"error_response": {"code": "40002"}}))
        yield "a page", alipay(lambda _: httpx.Response(200, text="<html>"))
        yield "a redirect", alipay(lambda _: httpx.Response(302, headers={"location": "https://other.example"}))
        yield "deep nesting", alipay(lambda _: httpx.Response(200, text='{"a":' + "[" * 100_000))


def _genuine(
    kind: NoticeKind,
    changes: Mapping[str, str | None] | None = None,
    *,
    role: str = "alipay",
    charset: str = "utf-8",
    drop_empty: bool = False,
) -> Genuine:
    fields = {**CAPTURED, **(changes or {})}
    says = PaymentNotice(
        provider="alipay",
        account="tea-entity",
        notice_id=str(fields["notify_id"]),
        kind=kind,
        trade_no=TRADE_NO,
        out_trade_no=OUT_TRADE_NO,
        amount=Money(8888),
        state=str(fields["trade_status"]),
        paid_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC) if fields["gmt_payment"] else None,
        refund=REFUNDED if kind is NoticeKind.REFUND else None,
    )
    return Genuine(notice(changes, role=role, charset=charset, drop_empty=drop_empty), says)
