"""What the own shop tells us: orders, cancellations, mended recipients."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from api.dependencies import AcceptanceHere, ShopRequestHere
from api.errors import problems
from api.schemas import CancelBody, PlacedAnswer, PlaceOrderBody, RecipientBody, TakenAnswer
from api.shop_orders import amend_recipient, cancel_order, place_order
from domain.reference import OrderId

router = APIRouter(prefix="/orders", tags=["orders"], responses=problems(400, 401, 403, 413, 422, 429))


@router.post("", summary="Place an order", status_code=202, response_model=PlacedAnswer, responses=problems(409))
async def place(request: ShopRequestHere, body: PlaceOrderBody, acceptance: AcceptanceHere) -> Mapping[str, Any]:
    """Accepted durably; the record follows within moments. Repeat it with the same key until it answers."""
    return await place_order(acceptance, request, body)


@router.post(
    "/{channel}/{shop_id}/{order_no}/cancel",
    summary="Ask to cancel",
    status_code=202,
    response_model=TakenAnswer,
    responses=problems(404),
)
async def cancel(
    channel: str, shop_id: str, order_no: str, request: ShopRequestHere, body: CancelBody, acceptance: AcceptanceHere
) -> Mapping[str, Any]:
    """Whether it comes in time is decided by the warehouse; too late, it becomes a return."""
    return await cancel_order(acceptance, request, OrderId(channel, shop_id, order_no), body)


@router.put(
    "/{channel}/{shop_id}/{order_no}/recipient",
    summary="Mend the recipient",
    status_code=202,
    response_model=TakenAnswer,
    responses=problems(404, 409),
)
async def recipient(
    channel: str, shop_id: str, order_no: str, request: ShopRequestHere, body: RecipientBody, acceptance: AcceptanceHere
) -> Mapping[str, Any]:
    return await amend_recipient(acceptance, request, OrderId(channel, shop_id, order_no), body)
