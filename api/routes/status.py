"""What the staff asks of one order: how it stands, and how it came to stand so."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.answers import OrderAnswer, TimelineAnswer
from api.dependencies import HouseHere, scope
from api.errors import problems
from api.order_status import order_id, status, timeline
from domain.reference import OrderId

router = APIRouter(
    prefix="/orders/{channel}/{shop_id}/{order_no}",
    tags=["orders"],
    dependencies=[Depends(scope("orders:read"))],
    responses=problems(401, 403, 404, 422, 429),
)
Order = Annotated[OrderId, Depends(order_id)]


@router.get("", summary="How an order stands", response_model=OrderAnswer)
async def how(here: HouseHere, order: Order) -> dict[str, Any]:
    """Four axes, money, stock, parcels, ledger balances and open cases; nothing of the recipient."""
    return await status(here, order)


@router.get("/timeline", summary="How an order came to stand so", response_model=TimelineAnswer)
async def why(here: HouseHere, order: Order) -> dict[str, Any]:
    """Each change with its step, its actor and the inbound events that caused it."""
    return await timeline(here, order)
