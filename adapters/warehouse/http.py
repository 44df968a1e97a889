"""A warehouse that speaks docs/warehouse-api.md over HTTP."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from adapters.http import HttpAnswer, exchange
from adapters.standard_webhooks import StandardWebhooks
from adapters.warehouse.event import warehouse_event
from ports.clock import Clock
from ports.errors import AnswerNotUnderstood
from ports.messages import RawMessage
from ports.warehouse import (
    ExpectedReturn,
    HoldAnswer,
    HoldOutcome,
    ParcelEvent,
    PushAnswer,
    PushOutcome,
    PushRequest,
    ReturnEvent,
    StockLevel,
    StopAnswer,
    StopOutcome,
    Warehouse,
)

Outcome = TypeVar("Outcome")

# One table per request: HTTP status and the word (`state` or `result` of a success, `code` of an error) -> outcome.
# 409 different_content is left out on purpose: other goods are on their way under this reference, so "refused:
# nothing will be shipped" would be a lie. Like each unlisted word it is AnswerNotUnderstood, in the end a case.
PUSH_OUTCOMES = {
    (201, "accepted"): PushOutcome.ACCEPTED,
    (200, "accepted"): PushOutcome.ACCEPTED,
    (409, "stopped"): PushOutcome.STOPPED,
    (422, "unknown_sku"): PushOutcome.REFUSED,
    (422, "address_rejected"): PushOutcome.REFUSED,
    (422, "out_of_stock"): PushOutcome.REFUSED,
}
STOP_OUTCOMES = {
    (200, "stopped"): StopOutcome.STOPPED,
    (200, "too_late"): StopOutcome.TOO_LATE,
}
HOLD_OUTCOMES = {
    (200, "held"): HoldOutcome.HELD,
    (200, "too_late"): HoldOutcome.TOO_LATE,
    (404, "not_found"): HoldOutcome.NOT_FOUND,
}
RESUME_OUTCOMES = {
    (200, "released"): HoldOutcome.RELEASED,
    (200, "too_late"): HoldOutcome.TOO_LATE,
    (404, "not_found"): HoldOutcome.NOT_FOUND,
}
RETURN_OUTCOMES = {(201, "expected"): True, (200, "expected"): True}

_WORD = re.compile(r"[a-z0-9_]{1,64}")
SKUS_PER_REQUEST = 50  # keeps the address under the usual limit of 8 KB


@dataclass(frozen=True)
class WarehouseAccess:
    """`webhook_secrets` are base64, with or without `whsec_`; several while they rotate."""

    base_url: str
    token: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


class HttpWarehouse(Warehouse):
    """Raises ValueError when a webhook secret is no secret."""

    def __init__(self, access: WarehouseAccess, client: httpx.AsyncClient, clock: Clock) -> None:
        self._base_url = access.base_url.rstrip("/")
        self._authorization = {"authorization": f"Bearer {access.token}"}
        self._webhooks = StandardWebhooks(access.webhook_secrets, clock)
        self._client = client

    async def push(self, request: PushRequest) -> PushAnswer:
        answer = await self._change("PUT", _quoted(request.reference), request.transaction_id, json=_content(request))
        outcome, word, said = _read(answer, PUSH_OUTCOMES, "state")
        if outcome is PushOutcome.ACCEPTED:
            return PushAnswer(outcome, outbound_no=_outbound_no(answer, said))
        return PushAnswer(outcome, reason=word if outcome is PushOutcome.REFUSED else None)

    async def stop(self, reference: str, transaction_id: str) -> StopAnswer:
        answer = await self._change("POST", f"{_quoted(reference)}/intercept", transaction_id)
        return StopAnswer(_read(answer, STOP_OUTCOMES, "result")[0])

    async def hold(self, reference: str, transaction_id: str) -> HoldAnswer:
        answer = await self._change("POST", f"{_quoted(reference)}/hold", transaction_id)
        return HoldAnswer(_read(answer, HOLD_OUTCOMES, "result")[0])

    async def resume(self, reference: str, transaction_id: str) -> HoldAnswer:
        answer = await self._change("POST", f"{_quoted(reference)}/release", transaction_id)
        return HoldAnswer(_read(answer, RESUME_OUTCOMES, "result")[0])

    async def stock(self, skus: tuple[str, ...]) -> tuple[StockLevel, ...]:
        levels: list[StockLevel] = []
        for start in range(0, len(skus), SKUS_PER_REQUEST):
            levels += await self._levels(skus[start : start + SKUS_PER_REQUEST])
        return tuple(levels)

    async def expect_return(self, request: ExpectedReturn) -> None:
        headers = {**self._authorization, "idempotency-key": request.transaction_id}
        content = {
            "order": request.order_reference,
            "carrier": request.carrier,
            "waybill_no": request.waybill_no,
            "lines": [asdict(line) for line in request.lines],
        }
        url = f"{self._base_url}/v1/returns/{_quoted(request.reference)}"
        _read(await exchange(self._client, "PUT", url, headers=headers, json=content), RETURN_OUTCOMES, "state")

    def read_event(self, message: RawMessage) -> ParcelEvent | ReturnEvent:
        """Not one byte of the body is parsed before its signature is known to be right."""
        return warehouse_event(self._webhooks.verified_id(message), message.body)

    async def _change(self, method: str, path: str, transaction_id: str, **content: Any) -> HttpAnswer:
        headers = {**self._authorization, "idempotency-key": transaction_id}
        url = f"{self._base_url}/v1/outbound-orders/{path}"
        return await exchange(self._client, method, url, headers=headers, **content)

    async def _levels(self, skus: tuple[str, ...]) -> tuple[StockLevel, ...]:
        url = f"{self._base_url}/v1/stock"
        answer = await exchange(self._client, "GET", url, headers=self._authorization, params={"sku": list(skus)})
        if answer.status != HTTPStatus.OK:
            raise _not_understood(answer, _word(answer, _object(answer), "code"))
        try:
            levels = _Stock.model_validate_json(answer.body).levels
        except ValidationError:
            raise _not_understood(answer, "levels that are none") from None
        answered = [level.sku for level in levels]
        if len(set(answered)) != len(answered) or not set(answered) <= set(skus):
            raise _not_understood(answer, "levels that were not asked for")
        return tuple(StockLevel(level.sku, level.on_hand) for level in levels)


class _Level(BaseModel, strict=True):
    sku: str
    on_hand: int


class _Stock(BaseModel, strict=True):
    levels: list[_Level]


def _content(request: PushRequest) -> dict[str, Any]:
    return {
        "recipient": asdict(request.recipient),
        "lines": [asdict(line) for line in request.lines],
        "note": request.note,
    }


def _quoted(reference: str) -> str:
    return quote(reference, safe="")


def _read(
    answer: HttpAnswer, outcomes: Mapping[tuple[int, str], Outcome], success_field: str
) -> tuple[Outcome, str, Mapping[str, Any]]:
    """The outcome, the word that told it, and all that was said."""
    said = _object(answer)
    word = _word(answer, said, success_field if answer.status < HTTPStatus.MULTIPLE_CHOICES else "code")
    if (answer.status, word) not in outcomes:
        raise _not_understood(answer, word)
    return outcomes[answer.status, word], word, said


def _object(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _not_understood(answer, "no JSON object")
    return said


def _word(answer: HttpAnswer, said: Mapping[str, Any], name: str) -> str:
    word = said.get(name)
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise _not_understood(answer, f"no readable {name}")
    return word


def _outbound_no(answer: HttpAnswer, said: Mapping[str, Any]) -> str:
    outbound_no = said.get("outbound_no")
    if not isinstance(outbound_no, str) or not outbound_no:
        raise _not_understood(answer, "accepted without an outbound_no")
    return outbound_no


def _not_understood(answer: HttpAnswer, what: str) -> AnswerNotUnderstood:
    return AnswerNotUnderstood(f"{answer.place}: answered {answer.status}, {what}")
