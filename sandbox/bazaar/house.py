"""The bazaar as a whole: merchants answer at its counter, buyers and its own staff decide, its clock agrees."""

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from sandbox.bazaar.after_sales import AGREED, CLOCK, CLOSED, MERCHANT, PLATFORM, REFUSED, SUCCEEDED, AfterSale
from sandbox.courier import Courier, Delivery, Envelope
from sandbox.crew import Crew
from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.pace import now, shown
from sandbox.webhooks import webhook_signature

SALE = "/bazaar/v1/shops/{shop_id}/after-sales/{number}"
RETRY_AFTER = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
UNTIL_PAID = 60.0  # the world's seconds from agreed to succeeded

Json = dict[str, object]


class SaleWish(BaseModel):
    """It sold something for a merchant, has the buyer's money, and will settle."""

    order_no: str
    amount_minor: Annotated[int, Field(gt=0)]
    shop_id: str = "tea"


class AskWish(BaseModel):
    """A buyer asks for his money back; `hours` are the world's, until the clock agrees."""

    order_no: str
    amount_minor: Annotated[int, Field(gt=0)]
    freight_minor: int = 0
    units: dict[str, int]
    shop_id: str = "tea"
    reason: str = "damaged"
    hours: Annotated[float, Field(gt=0)] = 72
    extensions: Annotated[int, Field(ge=0)] = 1


class DecideWish(BaseModel):
    """`by`: platform or buyer. `copies` of its message, and late ones among them."""

    number: str
    state: str
    by: str = PLATFORM


@dataclass
class Message:
    webhook_id: str
    number: str
    revision: int
    body: bytes
    deliveries: list[Delivery] = field(default_factory=list)

    def is_taken(self, delivery: Delivery) -> bool:
        return delivery.status in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)

    def shown(self) -> Json:
        deliveries = [each.shown() for each in self.deliveries]
        return {
            "webhook_id": self.webhook_id,
            "number": self.number,
            "revision": self.revision,
            "deliveries": deliveries,
        }


class Bazaar:
    def __init__(self, token: str, secret: str, faults: FaultBook, courier: Courier, crew: Crew) -> None:
        self.orders: list[Json] = []
        self.sales: dict[str, AfterSale] = {}
        self.calls: list[Json] = []
        self.sent: list[Message] = []
        self.door = Door(Place.BAZAAR, faults, _unavailable)
        self._token = token
        self._secret = secret
        self._courier = courier
        self._crew = crew

    def shown(self) -> Json:
        return {
            "orders": self.orders,
            "after_sales": [sale.shown() for sale in self.sales.values()],
            "calls": list(self.calls),
            "messages": [message.shown() for message in self.sent],
        }

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(SALE, self.look, methods=["GET"], response_model=None)
        router.add_api_route(SALE + "/{verb}", self.hear, methods=["POST"], response_model=None)
        router.add_api_route("/control/bazaar-orders", self.sell, methods=["POST"])
        router.add_api_route("/control/after-sales", self.ask, methods=["POST"])
        router.add_api_route("/control/after-sale-decisions", self.decide, methods=["POST"])
        return router

    # Buyers, and the bazaar itself

    async def sell(self, wish: SaleWish) -> Json:
        order = {**wish.model_dump(), "settlement_no": f"S-{wish.order_no}", "paid_at": shown(now())}
        self.orders.append(order)
        return order

    async def ask(self, wish: AskWish) -> Json:
        number = f"AS-{1001 + len(self.sales)}"
        deadline = now() + timedelta(hours=wish.hours) / self._courier.pace.scale
        sale = AfterSale(
            number,
            wish.shop_id,
            wish.order_no,
            wish.amount_minor,
            wish.freight_minor,
            wish.units,
            wish.reason,
            deadline,
            wish.extensions,
        )
        self.sales[number] = sale
        self._told(sale)
        self._crew.start(self._clock(sale))
        return sale.shown()

    async def decide(self, wish: DecideWish) -> Json:
        sale = self.sales.get(wish.number)
        if sale is None or wish.state not in (AGREED, CLOSED):
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "no such after-sale, or nothing it can become")
        self._moved(sale, wish.state, wish.by)
        return sale.shown()

    async def _clock(self, sale: AfterSale) -> None:
        """Nobody said anything until the deadline, wherever it was moved to: agreed."""
        while sale.state == "asked":
            assert sale.deadline is not None
            left = (sale.deadline - now()).total_seconds()
            if left <= 0:
                self._moved(sale, AGREED, CLOCK)
            else:
                await self._courier.pace.pause(left * self._courier.pace.scale)

    def _moved(self, sale: AfterSale, state: str, by: str) -> bool:
        if not sale.decide(state, by):
            return False
        self._told(sale)
        if state == AGREED:
            self._crew.start(self._pay(sale))
        return True

    async def _pay(self, sale: AfterSale) -> None:
        await self._courier.pace.pause(UNTIL_PAID)
        if sale.decide(SUCCEEDED, sale.decided_by):
            self._told(sale)

    def _told(self, sale: AfterSale) -> None:
        """As it is at this moment; messages overtake each other."""
        content = {"type": "after_sale.changed", "shop_id": sale.shop_id, "after_sale": sale.wire()}
        body = json.dumps(content, ensure_ascii=False).encode()
        message = Message(f"msg_{secrets.token_hex(12)}", sale.number, sale.revision, body)
        self.sent.append(message)
        path = f"/webhooks/bazaar/{sale.shop_id}"
        self._crew.start(self._deliver(message, path))

    async def _deliver(self, message: Message, path: str) -> None:
        def write() -> Envelope:
            timestamp = int(now().timestamp())
            headers = {
                "Content-Type": "application/json",
                "webhook-id": message.webhook_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": webhook_signature(self._secret, message.webhook_id, timestamp, message.body),
            }
            return Envelope(path, headers, message.body)

        await self._courier.deliver(message, write, RETRY_AFTER)

    # Merchants

    async def look(self, shop_id: str, number: str, request: Request) -> Response:
        return await self._serve(request, "ask", shop_id, number, _look)

    async def hear(self, shop_id: str, number: str, verb: str, request: Request) -> Response:
        words: dict[str, Callable[[AfterSale, Any], tuple[bool, str]]] = {
            "agree": self._agree,
            "refuse": self._refuse,
            "extend": self._extend,
        }
        if verb not in words:
            return JSONResponse({"code": "not_found"}, 404)
        return await self._serve(request, verb, shop_id, number, words[verb])

    def _agree(self, sale: AfterSale, said: Any) -> tuple[bool, str]:
        if sale.state in (AGREED, SUCCEEDED):
            return True, ""
        if said.get("amount_minor") != sale.amount_minor:
            return False, "changed"
        return self._moved(sale, AGREED, MERCHANT), "decided"

    def _refuse(self, sale: AfterSale, said: Any) -> tuple[bool, str]:
        if sale.state == REFUSED:
            return True, ""
        sale.evidence = str(said.get("evidence", ""))
        return self._moved(sale, REFUSED, MERCHANT), "decided"

    def _extend(self, sale: AfterSale, _: Any) -> tuple[bool, str]:
        extended = sale.extend()
        if extended:
            self._told(sale)
        return extended, "no_extension"

    async def _serve(
        self,
        request: Request,
        verb: str,
        shop_id: str,
        number: str,
        act: Callable[[AfterSale, Any], tuple[bool, str]],
    ) -> Response:
        key = request.headers.get("idempotency-key", "")
        body = await request.body()
        said = json.loads(body) if body else {}
        sale = self.sales.get(number)
        known = hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {self._token}".encode())

        def decide() -> Response:
            if not known or sale is None or sale.shop_id != shop_id:
                return JSONResponse({"code": "unauthorized" if not known else "not_found"}, 404 if known else 401)
            code = sale.keys.get(f"{verb} {key}") if verb != "ask" else None
            if code is None:
                done, why = act(sale, said)
                code = "ok" if done else why
                if done:
                    sale.keys[f"{verb} {key}"] = code
            return JSONResponse({"code": code, "after_sale": sale.wire()}, 200 if code == "ok" else 409)

        response = await self.door.answer(number, decide)
        self.calls.append(
            {
                "at": shown(now()),
                "verb": verb,
                "number": number,
                "idempotency_key": key,
                "amount_minor": said.get("amount_minor"),
                "status": response.status_code or None,
            }
        )
        return response


def _look(*_: object) -> tuple[bool, str]:
    return True, ""


def _unavailable(status: int) -> Response:
    return JSONResponse({"code": "unavailable"}, status)
