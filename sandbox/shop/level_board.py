"""What each shop shows as available, as docs/shop-api.md has it, and the ledger of every time one was told."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.pace import now, shown
from sandbox.shop.basket import SHOPS
from sandbox.webhooks import is_genuine

PATH = "/shop/{shop_id}/stock"


class Level(BaseModel):
    platform_sku: Annotated[str, Field(min_length=1)]
    available: Annotated[int, Field(ge=0)]
    version: int


TOLD = TypeAdapter(list[Level])


@dataclass(frozen=True)
class Call:
    """`status` is None when the connection was cut instead of an answer."""

    at: datetime
    webhook_id: str
    status: int | None

    def shown(self) -> dict[str, object]:
        return {"at": shown(self.at), "webhook_id": self.webhook_id, "status": self.status}


class LevelBoard:
    """`levels`: shop id -> platform sku -> what it was told last. `dropped` counts what came after something newer."""

    def __init__(self, secret: str, faults: FaultBook) -> None:
        self.door = Door(Place.SHOP, faults, unavailable)
        self.levels: dict[str, dict[str, Level]] = {shop_id: {} for shop_id in SHOPS}
        self.calls: list[Call] = []
        self.dropped = 0
        self._secret = secret

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(PATH, self.told, methods=["PUT"], response_model=None)
        return router

    async def told(self, shop_id: str, request: Request) -> Response:
        asked_at, body = now(), await request.body()
        response = await self.door.answer(shop_id, lambda: self._take(shop_id, request, body))
        self.calls.append(Call(asked_at, request.headers.get("webhook-id", ""), response.status_code or None))
        return response

    def _take(self, shop_id: str, request: Request, body: bytes) -> Response:
        if shop_id not in self.levels:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if not is_genuine(self._secret, request.headers, body, now().timestamp()):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        try:
            levels = TOLD.validate_json(body)
        except ValidationError:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        board = self.levels[shop_id]
        for level in levels:
            known = board.get(level.platform_sku)
            if known is not None and known.version >= level.version:
                self.dropped += 1
            else:
                board[level.platform_sku] = level
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def shown(self) -> list[dict[str, object]]:
        return [
            {"shop_id": shop_id, **level.model_dump()}
            for shop_id, board in self.levels.items()
            for level in board.values()
        ]


def unavailable(status: int) -> Response:
    return JSONResponse({"message": "the shop is being repaired"}, status)
