"""WeChat Pay APIv3: signed notices with an encrypted resource, signed questions and answers. Amounts are fen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import ValidationError

from adapters.payments import wechatpay_refund
from adapters.payments.wechatpay_gateway import SUCCESS, WechatPayGateway, readable_word
from adapters.payments.wechatpay_notice import (
    Envelope,
    PaidNotice,
    RefundNotice,
    Transaction,
    claimed_notice_id,
    opened,
    payment_notice,
    read_body,
    read_envelope,
    refuse_too_long,
    wrong_fields,
)
from adapters.payments.wechatpay_signature import MerchantKey, PlatformKeys, request_id
from domain.money import Money
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

API_V3_KEY_BYTES = 32
FAILURE = '{"code":"FAIL","message":"失败"}'.encode()

# By trade_state.
TRADE_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.REFUNDED,  # some of it or all
    "NOTPAY": TradeState.UNPAID,
    "USERPAYING": TradeState.UNPAID,
    "ACCEPT": TradeState.UNPAID,
    "PAYERROR": TradeState.UNPAID,  # this attempt failed; the buyer may try again until the trade is closed
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
# By the code of the call. WeChat Pay's older pages write the codes without some of the underscores.
QUERY_REFUSALS = {
    "ORDER_NOT_EXIST": TradeState.NOT_FOUND,
    "ORDERNOTEXIST": TradeState.NOT_FOUND,
}
CLOSE_OUTCOMES = {
    SUCCESS: CloseOutcome.CLOSED,
    "ORDER_CLOSED": CloseOutcome.CLOSED,
    "ORDERCLOSED": CloseOutcome.CLOSED,
    "ORDER_PAID": CloseOutcome.ALREADY_PAID,
    "ORDERPAID": CloseOutcome.ALREADY_PAID,
    "ORDER_NOT_EXIST": CloseOutcome.NOTHING_TO_CLOSE,
    "ORDERNOTEXIST": CloseOutcome.NOTHING_TO_CLOSE,
}
# "For business reasons", which only a query tells. One of them: WeChat Pay closes no trade in its first 5 minutes.
CLOSE_UNDECIDED = frozenset({"TRADE_ERROR", "INVALID_REQUEST"})
CLOSE_OUTCOMES_BY_STATE = {
    TradeState.PAID: CloseOutcome.ALREADY_PAID,
    TradeState.REFUNDED: CloseOutcome.ALREADY_PAID,
    TradeState.CLOSED: CloseOutcome.CLOSED,
    TradeState.NOT_FOUND: CloseOutcome.NOTHING_TO_CLOSE,
}


@dataclass(frozen=True)
class WechatPayAccount:
    """One merchant number and the apps that sell for it.

    `platform_keys`: WeChat Pay's keys by id, as PEM: certificates by serial number, public keys by PUB_KEY_ID_...;
    all of them verify, and answers are asked to be signed with the first. `api_v3_keys` are 32 characters; all of them
    decrypt. `merchant_serial` is the serial number of our certificate.
    """

    name: str
    mchid: str
    app_ids: tuple[str, ...]
    platform_keys: Mapping[str, str] = field(repr=False)
    api_v3_keys: tuple[str, ...] = field(repr=False)
    merchant_serial: str
    merchant_private_key: str = field(repr=False)
    api_url: str
    currency: str = "CNY"


@dataclass(frozen=True)
class _OpenAccount:
    """An account with its keys parsed and its line to the gateway."""

    account: WechatPayAccount
    api_v3_keys: tuple[bytes, ...] = field(repr=False)
    gateway: WechatPayGateway


class WechatPay(PaymentProvider):
    """All our accounts at WeChat Pay. Raises ValueError when two cannot be told apart or a key is no key."""

    def __init__(self, accounts: Iterable[WechatPayAccount], client: httpx.AsyncClient, clock: Clock) -> None:
        self._by_name: dict[str, _OpenAccount] = {}
        platform_keys: dict[str, str] = {}
        for account in accounts:
            if account.mchid in {other.account.mchid for other in self._by_name.values()}:
                raise ValueError(f"two WeChat Pay accounts share the mchid {account.mchid}")
            if account.name in self._by_name:
                raise ValueError(f"two WeChat Pay accounts share the name {account.name}")
            try:
                self._by_name[account.name] = _open(account, client, clock)
            except ValueError as error:
                raise ValueError(f"WeChat Pay account {account.name}: {error}") from None
            for key_id, pem in account.platform_keys.items():
                if platform_keys.setdefault(key_id, pem) != pem:
                    raise ValueError(f"two WeChat Pay accounts have different keys under the id {key_id}")
        self._platform_keys = PlatformKeys(platform_keys, clock)

    @property
    def name(self) -> str:
        return "wechatpay"

    def read_notice(self, message: RawMessage) -> PaymentNotice:
        """Not one byte of the body is parsed before its signature is known to be right."""
        try:
            refuse_too_long(message.body)
            key_id = self._platform_keys.verified_key_id(message.headers, message.body)
            said = read_body(message.body)
        except MessageRefused as refused:
            refused.claimed_id = request_id(message.headers)
            raise
        try:
            return self._believed(read_envelope(said), key_id)
        except MessageRefused as refused:
            refused.claimed_id = claimed_notice_id(said)
            raise

    def _believed(self, envelope: Envelope, key_id: str) -> PaymentNotice:
        found, said = self._opened(envelope, key_id)
        account = found.account
        if isinstance(said, PaidNotice) and said.appid not in account.app_ids:
            raise MessageRefused(RefusalReason.APP, f"appid {said.appid} is none of ours")
        if said.amount.currency not in {None, account.currency}:
            raise MessageRefused(RefusalReason.CURRENCY, f"amount.currency is not {account.currency}")
        return payment_notice(envelope, said, provider=self.name, account=account.name, currency=account.currency)

    def _opened(self, envelope: Envelope, key_id: str) -> tuple[_OpenAccount, PaidNotice | RefundNotice]:
        """The notice names its merchant only inside: ours is the one whose keys open it and whose number it names."""
        strange = False
        for candidate in self._by_name.values():
            if key_id not in candidate.account.platform_keys:
                continue
            said = opened(envelope, candidate.api_v3_keys)
            if said is not None and said.mchid == candidate.account.mchid:
                return candidate, said
            strange = strange or said is not None
        if strange:
            raise MessageRefused(RefusalReason.SELLER, "mchid is not that of the account whose key opens the notice")
        raise MessageRefused(RefusalReason.MALFORMED, "no APIv3 key of ours opens the resource")

    def answer(self, *, accepted: bool) -> RawAnswer:
        """WeChat Pay stops at 200 or 204, with nothing said, and sends again after 4xx and 5xx."""
        if accepted:
            return RawAnswer(HTTPStatus.NO_CONTENT, "", b"")
        return RawAnswer(HTTPStatus.BAD_REQUEST, "application/json", FAILURE)

    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        asked = self._asked(question.account)
        code, said = await asked.gateway.query(question.out_trade_no)
        if code in QUERY_REFUSALS:
            return TradeAnswer(QUERY_REFUSALS[code])
        if code != SUCCESS:
            raise AnswerNotUnderstood(f"query: answered {code}")
        word = readable_word(said, "trade_state")
        if word not in TRADE_STATES:
            raise AnswerNotUnderstood(f"query: trade_state {word}")
        _refuse_other_trade(said, asked.account, question)
        state = TRADE_STATES[word]
        return _paid(said, asked.account) if state is TradeState.PAID else TradeAnswer(state)

    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        """An unpaid trade too young to be closed is Unavailable: it is closed by a later attempt."""
        code, _ = await self._asked(question.account).gateway.close(question.out_trade_no)
        if code in CLOSE_OUTCOMES:
            return CloseAnswer(CLOSE_OUTCOMES[code])
        if code not in CLOSE_UNDECIDED:
            raise AnswerNotUnderstood(f"close: answered {code}")
        state = (await self.query_trade(question)).state
        if state not in CLOSE_OUTCOMES_BY_STATE:
            raise Unavailable(f"close: answered {code}, and the trade is still {state}; too early?")
        return CloseAnswer(CLOSE_OUTCOMES_BY_STATE[state])

    async def refund(self, order: RefundOrder) -> RefundAnswer:
        return await wechatpay_refund.refund(self._asked(order.account).gateway, order)

    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        return await wechatpay_refund.query_refund(self._asked(question.account).gateway, question)

    def _asked(self, account: str) -> _OpenAccount:
        """An account missing from the configuration is an outage that a person ends by adding it."""
        if account not in self._by_name:
            raise Unavailable(f"wechatpay: no account {account} is configured")
        return self._by_name[account]


def _open(account: WechatPayAccount, client: httpx.AsyncClient, clock: Clock) -> _OpenAccount:
    if not account.platform_keys:
        raise ValueError("no key of WeChat Pay's to verify with")
    if not account.app_ids:
        raise ValueError("no appid that may sell for it")
    api_v3_keys = tuple(key.encode() for key in account.api_v3_keys)
    if not api_v3_keys or any(len(key) != API_V3_KEY_BYTES for key in api_v3_keys):
        raise ValueError(f"an APIv3 key is {API_V3_KEY_BYTES} characters long, and there must be one")
    ours = MerchantKey(account.mchid, account.merchant_serial, account.merchant_private_key, clock)
    theirs = PlatformKeys(account.platform_keys, clock)
    preferred = next(iter(account.platform_keys))
    gateway = WechatPayGateway(account.api_url, account.mchid, ours, theirs, preferred, client)
    return _OpenAccount(account, api_v3_keys, gateway)


def _refuse_other_trade(said: Mapping[str, Any], account: WechatPayAccount, question: TradeQuestion) -> None:
    if said.get("out_trade_no") != question.out_trade_no or said.get("mchid") != account.mchid:
        raise AnswerNotUnderstood("query: an answer about another trade")


def _paid(said: Mapping[str, Any], account: WechatPayAccount) -> TradeAnswer:
    try:
        paid = Transaction.model_validate(said)
    except ValidationError as error:
        raise AnswerNotUnderstood(f"query: paid, but wrong or missing: {wrong_fields(error)}") from None
    if paid.appid not in account.app_ids:
        raise AnswerNotUnderstood("query: appid is none of ours")
    if paid.amount.currency not in {None, account.currency}:
        raise AnswerNotUnderstood(f"query: amount.currency is not {account.currency}")
    amount = Money(paid.amount.total, account.currency)
    return TradeAnswer(TradeState.PAID, paid.transaction_id, amount, paid.success_time)
