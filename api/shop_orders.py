"""What the own shop tells: orders, cancellations, mended recipients. Each with an idempotency key."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.acceptance import Acceptance
from api.errors import Problem
from api.schemas import CancelBody, PlaceOrderBody, RecipientBody
from api.tracking_links import signed_link
from domain.reference import OrderId
from persistence import access, evidence, queries, shops
from persistence.access import Token
from persistence.engine import Connection
from persistence.evidence import Arrival, Verdict
from ports.records import CancelRequested, OrderPlaced, RecipientAmended
from workflows.order import OrderWorkflow


@dataclass(frozen=True)
class Request:
    """Who asks, under which idempotency key, with which bytes."""

    token: Token
    key: str
    body: bytes

    async def answer_once(
        self, db: Connection, acceptance: Acceptance, about: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The answer that this key got the first time. Problem 422 when it came with another body."""
        canonical = json.dumps(about, sort_keys=True, default=str)
        request_hash = hashlib.sha256(canonical.encode()).hexdigest()
        try:
            return await access.remember(db, self.token, self.key, request_hash, answer, acceptance.house.clock.now())
        except access.KeyReused:
            detail = "this Idempotency-Key came before with another body: use a new key for a new request"
            raise Problem(422, "idempotency-key-reused", detail) from None


async def place_order(acceptance: Acceptance, request: Request, body: PlaceOrderBody) -> Mapping[str, Any]:
    """Accepted once the workflow has it. The same order under another key is fine, another of its number is not."""
    house, order = acceptance.house, body.order(acceptance.house.settings.time_scale)
    arrival = Arrival(
        f"shop {order.id.shop_id}",
        str(order.id),
        "order.placed",
        request.body,
        Verdict.ACCEPTED,
        order_id=str(order.id),
        fact=body.fact(),
    )
    async with house.engine.begin() as db:
        if await shops.find_shop(db, order.id.channel, order.id.shop_id) is None:
            raise Problem(422, "unknown-shop", f"there is no shop {order.id.channel}/{order.id.shop_id}: add it first")
        await evidence.one_at_a_time(db, str(order.id))
        answer = await request.answer_once(db, acceptance, body.fact(), _placed_answer(acceptance, body))
        if await evidence.contradicted(db, arrival):
            raise Problem(409, "order-exists", f"order {order.id} was placed before with other content")
        if await queries.order_is_recorded(db, order.id):
            await acceptance.keep(db, replace(arrival, verdict=Verdict.REPEAT))
            return answer
        event_id = await acceptance.keep(db, arrival)
        recipient = body.recipient.recipient()
        fact = OrderPlaced(
            order,
            body.customer_id,
            await house.customers.seal_recipient(db, body.customer_id, recipient),
            await house.customers.seal_note(db, body.customer_id, body.customer_note),
            house.customers.phone_tail(order.id, recipient.phone),
            (event_id,),
        )
    await acceptance.tell(order.id, OrderWorkflow.order_placed, fact, f"{order.id}: {order.amount}")
    return answer


def _placed_answer(acceptance: Acceptance, body: PlaceOrderBody) -> dict[str, Any]:
    settings, order_id = acceptance.house.settings, body.order_id
    parts = len(body.payment_plan)
    return {
        "order": str(order_id),
        "out_trade_nos": [order_id.out_trade_no(each.part, parts) for each in body.payment_plan],
        "status_url": f"{settings.public_url}/orders/{order_id}",
        "track_url": signed_link(settings, order_id),
    }


async def cancel_order(
    acceptance: Acceptance, request: Request, order_id: OrderId, body: CancelBody
) -> Mapping[str, Any]:
    arrival = _arrival(request, order_id, "order.cancel_requested")
    async with acceptance.house.engine.begin() as db:
        answer = await _taken(db, acceptance, request, order_id, {"cancel": str(order_id), **body.model_dump()})
        event_id = await acceptance.keep(db, arrival)
    fact = CancelRequested(order_id, f"shop {order_id.shop_id}", body.reason, (event_id,))
    await acceptance.tell(order_id, OrderWorkflow.cancel_requested, fact)
    return answer


async def amend_recipient(
    acceptance: Acceptance, request: Request, order_id: OrderId, body: RecipientBody
) -> Mapping[str, Any]:
    arrival = _arrival(request, order_id, "order.recipient_amended")
    house = acceptance.house
    async with house.engine.begin() as db:
        answer = await _taken(db, acceptance, request, order_id, {"recipient": str(order_id), **body.model_dump()})
        customer_id = await queries.customer_of(db, order_id)
        if customer_id is None:
            raise Problem(409, "order-on-its-way", "the order is still being recorded: try again in a moment")
        event_id = await acceptance.keep(db, arrival)
        recipient = body.recipient()
        fact = RecipientAmended(
            order_id,
            request.token.name,
            await house.customers.seal_recipient(db, customer_id, recipient),
            house.customers.phone_tail(order_id, recipient.phone),
            body.gaps(),
            (event_id,),
        )
    await acceptance.tell(order_id, OrderWorkflow.recipient_amended, fact)
    return answer


def _arrival(request: Request, order_id: OrderId, kind: str) -> Arrival:
    source = f"shop {order_id.shop_id}"
    return Arrival(source, request.key, kind, request.body, Verdict.ACCEPTED, order_id=str(order_id))


async def _taken(
    db: Connection, acceptance: Acceptance, request: Request, order_id: OrderId, about: Mapping[str, Any]
) -> Mapping[str, Any]:
    if not await queries.order_is_known(db, order_id):
        raise Problem(404, "unknown-order", f"nobody placed order {order_id}: place it first")
    status_url = f"{acceptance.house.settings.public_url}/orders/{order_id}"
    return await request.answer_once(db, acceptance, about, {"order": str(order_id), "status_url": status_url})
