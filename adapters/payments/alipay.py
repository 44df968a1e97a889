"""Alipay: form notices signed by RSA2, a gateway for questions. Amounts are yuan with two digits, times are +08:00."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.payments import alipay_refund
from adapters.payments.alipay_gateway import SUCCESS, AlipayGateway, readable_word
from adapters.payments.alipay_notice import (
    NoticeForm,
    china_time,
    payment_notice,
    read_form,
    refuse_other_currency,
    yuan,
)
from adapters.payments.alipay_signature import SIGN_TYPE, AccountKeys, notice_contents
from domain.errors import InvalidMoney
from ports.clock import Clock
from ports.errors import AnswerNotUnderstood, MessageRefused, RefusalReason, Unavailable
from ports.messages import RawAnswer, RawMessage
from ports.payments import (
    CloseAnswer,
    CloseOutcome,
    PaymentNotice,
    PaymentProvider,
    RefundAnswer,
    RefundOrder,
    RefundQuestion,
    TradeAnswer,
    TradeQuestion,
    TradeState,
)

QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"

# By trade_status.
TRADE_STATES = {
    "WAIT_BUYER_PAY": TradeState.UNPAID,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,  # never paid, or paid and refunded in full: Alipay has one word for both
}
# By the code of the call.
QUERY_REFUSALS = {
    "ACQ.TRADE_NOT_EXIST": TradeState.NOT_FOUND,
}
CLOSE_OUTCOMES = {
    SUCCESS: CloseOutcome.CLOSED,
    "ACQ.TRADE_NOT_EXIST": CloseOutcome.NOTHING_TO_CLOSE,
}
# "Not waiting for the buyer": paid, or closed already (perhaps by our own first try). Only a query tells which.
CLOSE_UNDECIDED = frozenset({"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"})
CLOSE_OUTCOMES_BY_STATE = {
    TradeState.PAID: CloseOutcome.ALREADY_PAID,
    TradeState.REFUNDED: CloseOutcome.ALREADY_PAID,
    TradeState.CLOSED: CloseOutcome.CLOSED,
    TradeState.NOT_FOUND: CloseOutcome.NOTHING_TO_CLOSE,
}


@dataclass(frozen=True)
class AlipayAccount:
    """One merchant account and the app that speaks for it. Keys are PEM; several public keys while Alipay's rotates."""

    name: str
    app_id: str
    seller_id: str
    alipay_public_keys: tuple[str, ...] = field(repr=False)
    app_private_key: str = field(repr=False)
    gateway_url: str
    currency: str = "CNY"


@dataclass(frozen=True)
class _OpenAccount:
    """An account with its keys parsed and its line to the gateway."""

    account: AlipayAccount
    keys: AccountKeys
    gateway: AlipayGateway


class Alipay(PaymentProvider):
    """All our accounts at Alipay. Raises ValueError when two cannot be told apart or a key is no key."""

    def __init__(self, accounts: Iterable[AlipayAccount], client: httpx.AsyncClient, clock: Clock) -> None:
        self._by_app: dict[str, _OpenAccount] = {}
        self._by_name: dict[str, _OpenAccount] = {}
        for account in accounts:
            if account.app_id in self._by_app or account.name in self._by_name:
                raise ValueError(f"two Alipay accounts share the name {account.name} or the app_id {account.app_id}")
            try:
                keys = AccountKeys(account.alipay_public_keys, account.app_private_key)
            except ValueError as error:
                raise ValueError(f"Alipay account {account.name}: {error}") from None
            gateway = AlipayGateway(account.gateway_url, account.app_id, keys, client, clock)
            self._by_app[account.app_id] = self._by_name[account.name] = _OpenAccount(account, keys, gateway)

    @property
    def name(self) -> str:
        return "alipay"

    def read_notice(self, message: RawMessage) -> PaymentNotice:
        form = read_form(message.body)
        try:
            return self._believed(form)
        except MessageRefused as refused:
            refused.claimed_id = form.fields["notify_id"]
            raise

    def _believed(self, form: NoticeForm) -> PaymentNotice:
        app_id = form.fields["app_id"]
        if app_id not in self._by_app:
            raise MessageRefused(RefusalReason.APP, f"app_id {app_id} is none of ours")
        account = self._by_app[app_id].account
        _refuse_unsigned(form, self._by_app[app_id])
        if form.fields["seller_id"] != account.seller_id:
            raise MessageRefused(RefusalReason.SELLER, f"seller_id is not that of account {account.name}")
        refuse_other_currency(form.fields, account.currency)
        return payment_notice(form.fields, provider=self.name, account=account.name, currency=account.currency)

    def answer(self, *, accepted: bool) -> RawAnswer:
        """Alipay stops at the seven characters `success` and takes anything else for a failure."""
        return RawAnswer(200, "text/plain", b"success") if accepted else RawAnswer(400, "text/plain", b"failure")

    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        asked = self._asked(question.account)
        code, said = await asked.gateway.ask(QUERY, question.out_trade_no)
        if code in QUERY_REFUSALS:
            return TradeAnswer(QUERY_REFUSALS[code])
        if code != SUCCESS:
            raise AnswerNotUnderstood(f"{QUERY}: answered {code}")
        word = readable_word(said, "trade_status")
        if word not in TRADE_STATES:
            raise AnswerNotUnderstood(f"{QUERY}: trade_status {word}")
        state = TRADE_STATES[word]
        if state is TradeState.CLOSED and said.get("send_pay_date"):
            state = TradeState.REFUNDED  # one word for never paid and for paid back in full
        return _paid(said, asked.account.currency) if state is TradeState.PAID else TradeAnswer(state)

    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        code, _ = await self._asked(question.account).gateway.ask(CLOSE, question.out_trade_no)
        if code in CLOSE_OUTCOMES:
            return CloseAnswer(CLOSE_OUTCOMES[code])
        if code not in CLOSE_UNDECIDED:
            raise AnswerNotUnderstood(f"{CLOSE}: answered {code}")
        state = (await self.query_trade(question)).state
        if state not in CLOSE_OUTCOMES_BY_STATE:
            raise Unavailable(f"{CLOSE}: answered {code}, yet the trade is {state}")
        return CloseAnswer(CLOSE_OUTCOMES_BY_STATE[state])

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        return await alipay_refund.refund(self._asked(order.account).gateway, order)

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        return await alipay_refund.query_refund(self._asked(question.account).gateway, question)

    def _asked(self, account: str) -> _OpenAccount:
        """An account missing from the configuration is an outage that a person ends by adding it."""
        if account not in self._by_name:
            raise Unavailable(f"alipay: no account {account} is configured")
        return self._by_name[account]


def _refuse_unsigned(form: NoticeForm, opened: _OpenAccount) -> None:
    if form.fields.get("sign_type") != SIGN_TYPE:
        raise MessageRefused(RefusalReason.SIGNATURE, f"sign_type is not {SIGN_TYPE}")
    sign = form.fields.get("sign", "")
    if not any(opened.keys.verifies(content, sign) for content in notice_contents(form.wire)):
        raise MessageRefused(RefusalReason.SIGNATURE, f"not signed by Alipay for account {opened.account.name}")


def _paid(said: Mapping[str, Any], currency: str) -> TradeAnswer:
    for name in ("trans_currency", "settle_currency", "pay_currency"):
        if said.get(name, currency) != currency:
            raise AnswerNotUnderstood(f"{QUERY}: {name} is not {currency}")
    trade_no, amount, paid_at = (said.get(name) for name in ("trade_no", "total_amount", "send_pay_date"))
    if not (isinstance(trade_no, str) and isinstance(amount, str) and isinstance(paid_at, str) and trade_no):
        raise AnswerNotUnderstood(f"{QUERY}: paid, but trade_no, total_amount or send_pay_date is missing")
    try:
        return TradeAnswer(TradeState.PAID, trade_no, yuan(amount, currency), china_time(paid_at))
    except (InvalidMoney, ValueError):
        raise AnswerNotUnderstood(f"{QUERY}: paid, but total_amount or send_pay_date is not readable") from None
