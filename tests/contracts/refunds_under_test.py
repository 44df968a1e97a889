"""Both providers' refund calls as their documentation has them, for the contract in test_refunds.py."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import httpx

from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.payments import PaymentProvider, RefundAnswer, RefundOrder, RefundQuestion
from tests.contracts import alipay_under_test as ali
from tests.contracts import wechatpay_wire as wire

Call = Literal["refund", "query_refund"]
Say = Callable[[], httpx.Response]

NUMBER, REASON = "tea_1001_4f0c2a9b81d3e6f7_1", "破损"
AMOUNT, CAPTURED = Money(1000), Money(8888)
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class RefundsUnderTest(Protocol):
    name: str
    order: RefundOrder

    @property
    def question(self) -> RefundQuestion: ...

    def facing(self, call: Call, say: Say) -> PaymentProvider:
        """The adapter, facing a provider that has proved who asks for what, and then says this."""

    def done(self, call: Call) -> tuple[httpx.Response, RefundAnswer]: ...

    def refusing(self, code: str) -> httpx.Response: ...

    def lost(self, call: Call) -> Iterator[tuple[str, Say]]:
        """Answers that prove nothing."""


class _Side:
    name: str
    order: RefundOrder

    @property
    def question(self) -> RefundQuestion:
        """The order's, without its reason."""
        names = {name: value for name, value in vars(self.order).items() if name != "reason"}
        return RefundQuestion(**names | {"transaction_id": "refund/4f0c2a9b81d3e6f7/query_refund/1"})


def _order(provider: str, account: str, trade_no: str, out_trade_no: str) -> RefundOrder:
    step = "refund/4f0c2a9b81d3e6f7/refund/1"
    return RefundOrder(provider, account, trade_no, out_trade_no, NUMBER, AMOUNT, CAPTURED, REASON, step)


def _cut() -> httpx.Response:
    raise httpx.ReadError("cut")


class AlipayRefunds(_Side):
    name = "alipay"
    order = _order("alipay", "tea-entity", ali.TRADE_NO, ali.OUT_TRADE_NO)
    methods: Mapping[Call, str] = {"refund": "alipay.trade.refund", "query_refund": "alipay.trade.fastpay.refund.query"}

    def facing(self, call: Call, say: Say) -> PaymentProvider:
        def handle(request: httpx.Request) -> httpx.Response:
            fields = ali.request_fields(request)
            asked = json.loads(fields["biz_content"])
            assert fields["method"] == self.methods[call]
            assert (asked["out_trade_no"], asked["out_request_no"]) == (ali.OUT_TRADE_NO, NUMBER)
            if call == "refund":
                assert (asked["refund_amount"], asked["refund_reason"]) == ("10.00", REASON)
            return say()

        return ali.alipay(handle)

    def said(self, call: Call, **changes: Any) -> httpx.Response:
        """`refund_fee` is the sum of all refunds of the trade."""
        said = {"code": "10000", "msg": "Success", "trade_no": ali.TRADE_NO, "out_trade_no": ali.OUT_TRADE_NO}
        said |= {"gmt_refund_pay": "2026-11-23 09:00:00"}
        if call == "refund":
            said |= {"fund_change": "Y", "refund_fee": "33.00"}
        else:
            said |= {"out_request_no": NUMBER, "refund_amount": "10.00", "refund_status": "REFUND_SUCCESS"}
        kept = {name: value for name, value in {**said, **changes}.items() if value is not None}
        return ali.answer(self.methods[call], kept)

    def done(self, call: Call) -> tuple[httpx.Response, RefundAnswer]:
        amount = None if call == "refund" else AMOUNT
        return self.said(call), RefundAnswer(RefundOutcome.DONE, None, amount, AT, "10000")

    def refusing(self, code: str, call: Call = "refund") -> httpx.Response:
        told = {"code": "40004", "sub_code": code} if code.startswith("ACQ.") else {"code": code}
        return ali.answer(self.methods[call], told)

    def lost(self, call: Call) -> Iterator[tuple[str, Say]]:
        yield "cut", _cut
        yield "502", lambda: httpx.Response(502)
        yield "20000", lambda: self.refusing("20000", call)
        yield "ACQ.SYSTEM_ERROR", lambda: self.refusing("ACQ.SYSTEM_ERROR", call)
        yield "another trade", lambda: self.said(call, out_trade_no="tea_1002")
        yield "a stranger's", lambda: ali.answer(self.methods[call], {"code": "10000"}, role="stranger")
        yield "unsigned", lambda: ali.answer(self.methods[call], {"code": "10000", "fund_change": "Y"}, sign="")
        yield "a page", lambda: httpx.Response(200, text="<html>")


class WechatPayRefunds(_Side):
    name = "wechatpay"
    order = _order("wechatpay", "tool-entity", wire.TRADE_NO, wire.OUT_TRADE_NO)

    def facing(self, call: Call, say: Say) -> PaymentProvider:
        path = "/v3/refund/domestic/refunds"
        wanted = ("POST", path) if call == "refund" else ("GET", f"{path}/{NUMBER}")

        def handle(request: httpx.Request) -> httpx.Response:
            assert wire.asked(request) == wanted
            if call == "refund":
                asked = json.loads(request.content)
                assert (asked["out_trade_no"], asked["out_refund_no"]) == (wire.OUT_TRADE_NO, NUMBER)
                assert asked["amount"] == {"refund": 1000, "total": 8888, "currency": "CNY"}
                assert asked["reason"] == REASON
            return say()

        return wire.wechatpay(handle)

    def said(self, **changes: Any) -> httpx.Response:
        refund = wire.changed(wire.REFUND, {"refund_status": None, "mchid": None, "amount.currency": "CNY"})
        return wire.answer(wire.changed(refund | {"status": "SUCCESS", "out_refund_no": NUMBER}, changes))

    def done(self, call: Call) -> tuple[httpx.Response, RefundAnswer]:  # noqa: ARG002 - one shape for both
        refund_no = wire.REFUND["refund_id"]
        return self.said(), RefundAnswer(RefundOutcome.DONE, refund_no, AMOUNT, AT, "SUCCESS")

    def refusing(self, code: str) -> httpx.Response:
        return wire.refusal(400, code)

    def lost(self, call: Call) -> Iterator[tuple[str, Say]]:  # noqa: ARG002 - one shape for both
        yield "cut", _cut
        yield "502", lambda: httpx.Response(502)
        yield "429", lambda: httpx.Response(429)
        yield "SYSTEM_ERROR", lambda: wire.refusal(400, "SYSTEM_ERROR")
        yield "too often", lambda: wire.refusal(403, "FREQUENCY_LIMITED")
        yield "another trade", lambda: self.said(out_trade_no="tools_1002")
        yield "another refund", lambda: self.said(out_refund_no="tools_1002_1")
        yield "another currency", lambda: self.said(**{"amount.currency": "USD"})
        yield "no number", lambda: self.said(refund_id=None)
        yield "a stranger's", lambda: wire.answer({}, role="stranger")
        yield "who are you", lambda: httpx.Response(401, json={"code": "SIGN_ERROR"})
