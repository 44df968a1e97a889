"""WeChat Pay's API: each request signed by us, each answer signed by WeChat Pay over its raw bytes."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from adapters.http import HttpAnswer, exchange
from adapters.payments.wechatpay_notice import read_object
from adapters.payments.wechatpay_signature import MerchantKey, PlatformKeys
from ports.errors import AnswerNotUnderstood, MessageRefused, Unavailable

SUCCESS = "SUCCESS"
# Codes of calls whose effect is not known, or that were turned away for the moment. 5xx and 429 count as such anyway.
OUTAGES = frozenset(
    {
        "SYSTEM_ERROR",
        "SYSTEMERROR",
        "BANK_ERROR",
        "BANKERROR",
        "RULE_LIMIT",
        "RULELIMIT",
        "FREQUENCY_LIMITED",
        "FREQUENCY_LIMIT_EXCEED",
        "RATELIMIT_EXCEEDED",
        "USER_PAYING",
        "USERPAYING",
    }
)
_TRADES = "/v3/pay/transactions/out-trade-no"
_REFUNDS = "/v3/refund/domestic/refunds"
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")


class WechatPayGateway:
    """The API as one merchant number of ours sees it. Answers are asked to be signed with the key `key_id`."""

    def __init__(
        self, url: str, mchid: str, ours: MerchantKey, theirs: PlatformKeys, key_id: str, client: httpx.AsyncClient
    ) -> None:
        self._url = url.rstrip("/")
        self._mchid = mchid
        self._ours = ours
        self._theirs = theirs
        self._key_id = key_id
        self._client = client

    async def query(self, out_trade_no: str) -> tuple[str, Mapping[str, Any]]:
        """SUCCESS or the code of a refusal, and the answer. Raises Unavailable for OUTAGES, AnswerNotUnderstood."""
        path = f"{_TRADES}/{quote(out_trade_no, safe='')}?mchid={quote(self._mchid, safe='')}"
        return await self._ask("GET", path, HTTPStatus.OK)

    async def close(self, out_trade_no: str) -> tuple[str, Mapping[str, Any]]:
        """As `query`. A success says nothing, not even which trade: that it belongs to this request, TLS tells."""
        path = f"{_TRADES}/{quote(out_trade_no, safe='')}/close"
        body = json.dumps({"mchid": self._mchid}, separators=(",", ":")).encode()
        return await self._ask("POST", path, HTTPStatus.NO_CONTENT, body)

    async def refund(self, content: Mapping[str, object]) -> tuple[str, Mapping[str, Any]]:
        """As `query`. A success says that the refund is accepted, and how far it is."""
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return await self._ask("POST", _REFUNDS, HTTPStatus.OK, body)

    async def query_refund(self, out_refund_no: str) -> tuple[str, Mapping[str, Any]]:
        return await self._ask("GET", f"{_REFUNDS}/{quote(out_refund_no, safe='')}", HTTPStatus.OK)

    async def _ask(self, method: str, path: str, done: HTTPStatus, body: bytes = b"") -> tuple[str, Mapping[str, Any]]:
        headers = {
            "accept": "application/json",
            "authorization": self._ours.authorization(method, path, body),
            "content-type": "application/json",
            "wechatpay-serial": self._key_id,
        }
        answer = await exchange(self._client, method, self._url + path, content=body, headers=headers)
        said = self._verified(answer)
        if answer.status == done:
            return SUCCESS, said
        code = readable_word(said, "code")
        if code in OUTAGES:
            raise Unavailable(f"{answer.place}: answered {code}")
        return code, said

    def _verified(self, answer: HttpAnswer) -> Mapping[str, Any]:
        """To a request whose signature was right WeChat Pay signs every answer, refusals too. Others decide nothing."""
        try:
            self._theirs.verified_key_id(answer.headers, answer.body)
        except MessageRefused as refused:
            raise AnswerNotUnderstood(
                f"{answer.place}: {answer.status}{_unproved_code(answer)}; {refused.detail}"
            ) from None
        return _object(answer) if answer.body else {}


def readable_word(said: Mapping[str, Any], name: str) -> str:
    """A code or state, fit to be named in an error. Raises AnswerNotUnderstood."""
    word = said.get(name)
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise AnswerNotUnderstood(f"WeChat Pay's answer has no readable {name}")
    return word


def _object(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        return read_object(answer.body)
    except ValueError:
        raise AnswerNotUnderstood(f"{answer.place}: not the JSON that was agreed") from None


def _unproved_code(answer: HttpAnswer) -> str:
    """What an unsigned refusal says, such as SIGN_ERROR: it helps whoever looks for the cause."""
    try:
        return f" {readable_word(_object(answer), 'code')}"
    except AnswerNotUnderstood:
        return ""
