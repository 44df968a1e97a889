"""Where the outside tells us what happened. Raw bytes go in, because signatures cover raw bytes."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.dependencies import AcceptanceHere
from api.errors import Problem
from api.parcel_events import take_parcel_event
from api.payment_notices import take_notice
from ports.errors import MessageRefused
from ports.messages import RawMessage

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


async def _raw(request: Request) -> RawMessage:
    return RawMessage.arrived(request.headers.items(), await request.body())


@router.post("/warehouse", summary="Parcels that left or arrived", status_code=204)
async def warehouse(request: Request, acceptance: AcceptanceHere) -> Response:
    """Standard Webhooks; see docs/warehouse-api.md."""
    try:
        await take_parcel_event(acceptance, await _raw(request))
    except MessageRefused as refused:
        raise Problem(400, f"refused-{refused.reason}", "this message is not what it claims to be") from refused
    return Response(status_code=204)


@router.post("/{provider}", summary="Payment notices of a provider")
async def payment_notice(
    provider: Annotated[str, Path(description="`alipay` or `wechatpay`")], request: Request, acceptance: AcceptanceHere
) -> Response:
    """Once the notice is durably accepted it answers what the provider takes for success: `success`, or 204."""
    if provider not in acceptance.house.providers:
        raise Problem(404, "not-found", "there is no such provider")
    answer = await take_notice(acceptance, acceptance.house.providers[provider], await _raw(request))
    return Response(answer.body, answer.status, media_type=answer.media_type or None)
