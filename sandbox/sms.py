"""The pretend gateway for messages to people, as docs/news-gateway.md has it, and the ledger of what it delivered."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.pace import now, shown

PREFIX = "/sms"
PATH = PREFIX + "/messages/{message_id}"


class Message(BaseModel):
    audience: Literal["staff", "customer"]
    to: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True)
class Call:
    """`status` is None when the connection was cut instead of an answer."""

    at: datetime
    message_id: str
    status: int | None


class SmsGateway:
    """`delivered`: by id, each once, however often it was asked for."""

    def __init__(self, token: str, faults: FaultBook) -> None:
        self.door = Door(Place.SMS, faults, unavailable)
        self.delivered: dict[str, Message] = {}
        self.calls: list[Call] = []
        self._token = token

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(PATH, self.put, methods=["PUT"], response_model=None)
        return router

    async def put(self, message_id: str, request: Request) -> Response:
        asked_at, body = now(), await request.body()
        response = await self.door.answer(message_id, lambda: self._take(message_id, request, body))
        self.calls.append(Call(asked_at, message_id, response.status_code or None))
        return response

    def _take(self, message_id: str, request: Request, body: bytes) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._token}"):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        try:
            message = Message.model_validate_json(body)
        except ValidationError:
            return Response(status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
        if self.delivered.setdefault(message_id, message) != message:
            return JSONResponse({"message": "another message has this id"}, HTTPStatus.CONFLICT)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def shown(self) -> dict[str, object]:
        """Without addresses: what counts is which messages there were."""
        return {
            "delivered": [
                {"id": message_id, "audience": message.audience, "text": message.text}
                for message_id, message in self.delivered.items()
            ],
            "calls": [{"at": shown(call.at), "id": call.message_id, "status": call.status} for call in self.calls],
        }


def unavailable(status: int) -> Response:
    return JSONResponse({"message": "the gateway is being repaired"}, status)
