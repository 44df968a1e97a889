"""Alipay's gateway: one signed form there, one signed JSON object back."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from adapters.http import HttpAnswer, exchange
from adapters.payments.alipay_notice import CHINA, TIME_FORMAT
from adapters.payments.alipay_signature import SIGN_TYPE, AccountKeys, answer_members, request_content
from ports.clock import Clock
from ports.errors import AnswerNotUnderstood, Unavailable

# `code`, or `sub_code` under 40004, of calls whose effect is not known or which were turned away at the door.
OUTAGES = frozenset({"20000", "40005", "ACQ.SYSTEM_ERROR"})
SUCCESS = "10000"
_BUSINESS_FAILED = "40004"
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")


class AlipayGateway:
    """The gateway as one app of ours sees it."""

    def __init__(self, url: str, app_id: str, keys: AccountKeys, client: httpx.AsyncClient, clock: Clock) -> None:
        self._url = url
        self._app_id = app_id
        self._keys = keys
        self._client = client
        self._clock = clock

    async def ask(
        self, method: str, out_trade_no: str, content: Mapping[str, object] | None = None, *, naming: bool = True
    ) -> tuple[str, Mapping[str, Any]]:
        """Call `method` for one trade. Returns what became of it (`code`, or `sub_code` under 40004) and the answer.

        `content`: what the method takes beside the trade's number. `naming`: a success names the trade.

        Raises Unavailable for OUTAGES, AnswerNotUnderstood for answers not signed by Alipay or about another trade.
        """
        form = self._form(method, {"out_trade_no": out_trade_no, **(content or {})})
        answer = await exchange(self._client, "POST", self._url, data=form)
        said = self._verified(answer, method)
        code = readable_word(said, "code")
        if code == _BUSINESS_FAILED:
            code = readable_word(said, "sub_code")
        if code in OUTAGES:
            raise Unavailable(f"{method}: answered {code}")
        # Refusals may leave the number out; a success must say which trade it is about.
        if said.get("out_trade_no", None if naming and code == SUCCESS else out_trade_no) != out_trade_no:
            raise AnswerNotUnderstood(f"{method}: an answer about another trade")
        return code, said

    def _form(self, method: str, content: Mapping[str, object]) -> dict[str, str]:
        form = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": SIGN_TYPE,
            "timestamp": self._clock.now().astimezone(CHINA).strftime(TIME_FORMAT),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }
        return form | {"sign": self._keys.sign(request_content(form))}

    def _verified(self, answer: HttpAnswer, method: str) -> Mapping[str, Any]:
        if answer.status != HTTPStatus.OK:
            raise AnswerNotUnderstood(f"{method}: HTTP status {answer.status}")
        try:
            members = answer_members(answer.body.decode())
            raw = members.get(f"{method.replace('.', '_')}_response")
            said = json.loads(members["error_response"] if raw is None else raw)
            sign = json.loads(members.get("sign", '""'))
        except (ValueError, RecursionError, KeyError):
            raise AnswerNotUnderstood(f"{method}: not the JSON that was agreed") from None
        if not isinstance(said, dict):
            raise AnswerNotUnderstood(f"{method}: not the JSON that was agreed")
        if raw is None:
            raise _turned_away(method, said)
        if not isinstance(sign, str) or not self._keys.verifies(raw.encode(), sign):
            raise AnswerNotUnderstood(f"{method}: the answer is not signed by Alipay")
        return said


def readable_word(said: Mapping[str, Any], name: str) -> str:
    """A code or status, fit to be named in an error. Raises AnswerNotUnderstood."""
    word = said.get(name)
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise AnswerNotUnderstood(f"Alipay's answer has no readable {name}")
    return word


def _turned_away(method: str, said: Mapping[str, Any]) -> AnswerNotUnderstood | Unavailable:
    """An `error_response`: the gateway could not tell who asks, so it may be unsigned. It decides nothing."""
    code = readable_word(said, "code")
    told = f"{method}: turned away with {code} {readable_word(said, 'sub_code') if 'sub_code' in said else ''}"
    return Unavailable(told) if code in OUTAGES else AnswerNotUnderstood(told)
