"""WeChat Pay for the contract of all providers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from adapters.payments.wechatpay import WechatPay
from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.errors import RefusalReason
from ports.messages import RawMessage
from ports.payments import NoticeKind, PaymentNotice, RefundFact, TradeAnswer, TradeQuestion, TradeState
from tests.contracts.provider_under_test import Genuine, Refused
from tests.contracts.wechatpay_wire import (
    NEXT_API_V3_KEY,
    NOTICE_ID,
    OUT_TRADE_NO,
    PAID,
    TRADE_NO,
    answer,
    api,
    changed,
    message,
    notice,
    old_notice,
    refund_notice,
    refusal,
    wechatpay,
)

STATES = {
    TradeState.PAID: "SUCCESS",
    TradeState.UNPAID: "NOTPAY",
    TradeState.CLOSED: "CLOSED",
    TradeState.REFUNDED: "REFUND",
}
WAS_PAID = (TradeState.PAID, TradeState.REFUNDED)


def said_of(state: TradeState, verb: str) -> httpx.Response:
    """What the API says of a trade in `state`. A trade that is closed can be closed again."""
    if state is TradeState.NOT_FOUND:
        return refusal(404, "ORDER_NOT_EXIST")
    if verb == "close":
        return refusal(400, "ORDER_PAID") if state in WAS_PAID else answer(None, 204)
    unpaid = {"transaction_id": None, "success_time": None, "payer": None, "amount.payer_total": None}
    changes = {"trade_state": STATES[state]} | ({} if state in WAS_PAID else unpaid)
    return answer(changed(PAID, changes))


class WechatPayUnderTest:
    name = "wechatpay"
    question = TradeQuestion("wechatpay", "tool-entity", OUT_TRADE_NO, "order/shop/tools/1001/query")
    paid = TradeAnswer(TradeState.PAID, TRADE_NO, Money(8888), datetime(2026, 11, 22, 2, 0, tzinfo=UTC))

    def __init__(self) -> None:
        self.provider = wechatpay()

    def genuine(self) -> Mapping[str, Genuine]:
        captured, refund = NoticeKind.CAPTURED, NoticeKind.REFUND
        return {
            "captured": Genuine(notice(), told(captured)),
            "refund": Genuine(refund_notice(), refund_told("SUCCESS", RefundOutcome.DONE)),
            "abnormal refund": Genuine(refund_notice("ABNORMAL"), refund_told("ABNORMAL", RefundOutcome.ABNORMAL)),
            "closed refund": Genuine(refund_notice("CLOSED"), refund_told("CLOSED", RefundOutcome.CLOSED)),
            "on its way back": Genuine(notice({"trade_state": "REFUND"}), told(refund, "REFUND")),
            "signed by the public key": Genuine(notice(role="public key"), told(captured)),
            "sealed by the next APIv3 key": Genuine(notice(api_v3_key=NEXT_API_V3_KEY), told(captured)),
            "nothing associated": Genuine(notice(associated=None), told(captured)),
            "empty associated": Genuine(notice(associated=""), told(captured)),
            "no currency named": Genuine(notice({"amount.currency": None}), told(captured)),
            "more fields": Genuine(
                notice({"promotion_detail": [{"amount": 888}]}, outside={"new": {}}), told(captured)
            ),
            "fractions of a second": Genuine(notice({"success_time": "2026-11-22T02:00:00.000Z"}), told(captured)),
        }

    def refused(self) -> Mapping[str, Refused]:
        probe = notice().headers["wechatpay-signature"]
        return {
            "nothing": Refused(RawMessage({}, b""), RefusalReason.MALFORMED),
            "forged": Refused(notice(role="stranger"), RefusalReason.SIGNATURE),
            "probe": Refused(
                message(notice().body, Wechatpay_Signature=f"WECHATPAY/SIGNTEST/{probe}"), RefusalReason.SIGNATURE
            ),
            "unknown key": Refused(
                message(notice().body, Wechatpay_Serial="0B3B5C7D9E1F2031"), RefusalReason.SIGNATURE
            ),
            "replayed": Refused(old_notice(300), RefusalReason.STALE),
            "from the future": Refused(old_notice(-300), RefusalReason.STALE),
            "foreign app": Refused(notice({"appid": "wx0000000000000009"}), RefusalReason.APP),
            "foreign merchant": Refused(notice({"mchid": "1900000109"}), RefusalReason.SELLER),
            "other currency": Refused(notice({"amount.currency": "USD"}), RefusalReason.CURRENCY),
            "unknown event": Refused(notice(outside={"event_type": "COUPON.USE"}), RefusalReason.MALFORMED),
            "foreign APIv3 key": Refused(notice(api_v3_key="x" * 32), RefusalReason.MALFORMED),
        }

    def provider_where(self, trade: TradeState) -> WechatPay:
        return wechatpay(api(lambda verb: said_of(trade, verb)))

    def provider_in_trouble(self) -> Iterator[tuple[str, WechatPay]]:
        def cut(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("cut", request=request)

        yield "cut off", wechatpay(cut)
        yield "HTTP 502", wechatpay(lambda _: httpx.Response(502))
        yield "HTTP 429", wechatpay(lambda _: httpx.Response(429))
        for status, code in ((403, "RULE_LIMIT"), (202, "USER_PAYING"), (400, "SYSTEM_ERROR")):
            yield code, wechatpay(api(lambda _, status=status, code=code: refusal(status, code)))  # type: ignore[misc]

    def provider_babbling(self) -> Iterator[tuple[str, WechatPay]]:
        def always(response: Callable[[], httpx.Response]) -> WechatPay:
            return wechatpay(api(lambda _: response()))

        yield "another trade", always(lambda: answer(changed(PAID, {"out_trade_no": "tools_1002"})))
        yield "another merchant", always(lambda: answer(changed(PAID, {"mchid": "1900000109"})))
        yield "unknown code", always(lambda: refusal(400, "SOMETHING_NEW"))
        yield "no code", always(lambda: answer({}, 400))
        yield "stranger's signature", always(lambda: refusal(404, "ORDER_NOT_EXIST", role="stranger"))
        yield "no signature", always(lambda: httpx.Response(404, json={"code": "ORDER_NOT_EXIST"}))
        yield "who are you", always(lambda: httpx.Response(401, json={"code": "SIGN_ERROR"}))
        yield "created", always(lambda: answer({}, 201))
        yield "a page", always(lambda: httpx.Response(200, text="<html>"))
        yield "a redirect", always(lambda: httpx.Response(302, headers={"location": "https://other.example"}))


PAID_AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def refund_told(state: str, outcome: RefundOutcome) -> PaymentNotice:
    at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    fact = RefundFact("refund-1", outcome, "50000000382019052709732678859", Money(1000), at)
    return replace(told(NoticeKind.REFUND, state, paid_at=None), refund=fact)


def told(kind: NoticeKind, state: str = "SUCCESS", *, paid_at: datetime | None = PAID_AT) -> PaymentNotice:
    return PaymentNotice(
        provider="wechatpay",
        account="tool-entity",
        notice_id=NOTICE_ID,
        kind=kind,
        trade_no=TRADE_NO,
        out_trade_no=OUT_TRADE_NO,
        amount=Money(8888),
        state=state,
        paid_at=paid_at,
    )
