"""The warehouse's HTTP face, as docs/warehouse-api.md has it, and the ledger of every call."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.door import Door
from sandbox.pace import now, shown
from sandbox.warehouse.orders import Decision, OrderDesk, refusal
from sandbox.warehouse.outbound import Push, parameters_digest
from sandbox.warehouse.returns import ReturnDesk

PREFIX = "/warehouse/v1"
ORDER = PREFIX + "/outbound-orders/{reference}"

Deed = Callable[[str, str, Any], Decision]
"""What a request does, given reference, idempotency key and JSON body."""


@dataclass(frozen=True)
class Call:
    """`status` is None when the connection was cut instead of an answer."""

    at: datetime
    answered_at: datetime
    verb: str
    reference: str
    idempotency_key: str
    parameters_sha256: str
    status: int | None

    def shown(self) -> dict[str, object]:
        return {
            "at": shown(self.at),
            "answered_at": shown(self.answered_at),
            "verb": self.verb,
            "reference": self.reference,
            "idempotency_key": self.idempotency_key,
            "parameters_sha256": self.parameters_sha256,
            "status": self.status,
        }


class Counter:
    """`unanswered` holds the references of pushes whose sender has had no answer it can rely on yet."""

    def __init__(self, token: str, desk: OrderDesk, returns: ReturnDesk, door: Door) -> None:
        self.calls: list[Call] = []
        self.unanswered: set[str] = set()
        self._token = token
        self._desk = desk
        self._returns = returns
        self._door = door

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(ORDER, self.push, methods=["PUT"], response_model=None)
        router.add_api_route(ORDER, self.look, methods=["GET"], response_model=None)
        router.add_api_route(ORDER + "/intercept", self.intercept, methods=["POST"], response_model=None)
        router.add_api_route(ORDER + "/hold", self.hold, methods=["POST"], response_model=None)
        router.add_api_route(ORDER + "/release", self.release, methods=["POST"], response_model=None)
        router.add_api_route(PREFIX + "/returns/{reference}", self.announce, methods=["PUT"], response_model=None)
        router.add_api_route(PREFIX + "/stock", self.stock, methods=["GET"], response_model=None)
        return router

    async def push(self, reference: str, request: Request) -> Response:
        self.unanswered.add(reference)
        response = await self._serve("push", reference, request, self._push)
        if HTTPStatus.OK <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.unanswered.discard(reference)
        return response

    async def intercept(self, reference: str, request: Request) -> Response:
        return await self._serve("intercept", reference, request, lambda ref, key, _: self._desk.intercept(ref, key))

    async def hold(self, reference: str, request: Request) -> Response:
        return await self._serve("hold", reference, request, lambda ref, key, _: self._desk.hold(ref, key))

    async def release(self, reference: str, request: Request) -> Response:
        return await self._serve("release", reference, request, lambda ref, key, _: self._desk.release(ref, key))

    async def announce(self, reference: str, request: Request) -> Response:
        return await self._serve("announce", reference, request, self._returns.announce)

    async def look(self, reference: str, request: Request) -> Response:
        return await self._serve("look", reference, request, self._look, needs_key=False)

    async def stock(self, request: Request) -> Response:
        skus = request.query_params.getlist("sku")
        levels = self._desk.shelves.levels

        def count(*_: object) -> Decision:
            return 200, {"levels": [{"sku": sku, "on_hand": levels[sku]} for sku in skus if sku in levels]}

        return await self._serve("stock", "", request, count, needs_key=False)

    def _push(self, reference: str, key: str, content: Any) -> Decision:
        try:
            push = Push.model_validate(content)
        except ValidationError as error:
            return refusal(HTTPStatus.BAD_REQUEST, "malformed", f"{error.error_count()} fields are not as agreed")
        return self._desk.push(reference, key, push)

    def _look(self, reference: str, *_: object) -> Decision:
        order = self._desk.find(reference)
        if order is None:
            return refusal(HTTPStatus.NOT_FOUND, "not_found", f"no order {reference} here")
        return 200, order.wire()

    async def _serve(
        self, verb: str, reference: str, request: Request, act: Deed, *, needs_key: bool = True
    ) -> Response:
        asked_at = now()
        key = request.headers.get("idempotency-key", "")
        content = _content(await request.body())

        def decide() -> Response:
            decision = self._turned_away(request, key, needs_key=needs_key) or act(reference, key, content)
            return JSONResponse(decision[1], decision[0])

        response = await self._door.answer(reference, decide)
        digest = parameters_digest(content)
        self.calls.append(Call(asked_at, now(), verb, reference, key, digest, response.status_code or None))
        return response

    def _turned_away(self, request: Request, key: str, *, needs_key: bool) -> Decision | None:
        shown_token = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown_token, f"Bearer {self._token}".encode()):
            return refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", "the bearer token is not ours")
        if needs_key and not key:
            return refusal(HTTPStatus.BAD_REQUEST, "missing_key", "a change needs an Idempotency-Key")
        return None


def unavailable(status: int) -> Response:
    return JSONResponse({"code": "unavailable", "message": "the warehouse system is not available"}, status)


def _content(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
