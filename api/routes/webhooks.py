"""Where the outside tells us what happened. Raw bytes go in, because signatures cover raw bytes."""

from fastapi import APIRouter, Request, Response

from api.dependencies import AcceptanceHere
from api.errors import Problem
from api.parcel_events import take_parcel_event
from api.payment_notices import take_notice
from ports.errors import MessageRefused
from ports.messages import RawMessage

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


async def _raw(request: Request) -> RawMessage:
    return RawMessage({name.lower(): value for name, value in request.headers.items()}, await request.body())


@router.post("/alipay", summary="Payment notices of Alipay")
async def alipay(request: Request, acceptance: AcceptanceHere) -> Response:
    """Answers the seven characters `success` once the notice is durably accepted."""
    answer = await take_notice(acceptance, acceptance.house.providers["alipay"], await _raw(request))
    return Response(answer.body, answer.status, media_type=answer.media_type)


@router.post("/warehouse", summary="Parcels that left or arrived", status_code=204)
async def warehouse(request: Request, acceptance: AcceptanceHere) -> Response:
    """Standard Webhooks; see docs/warehouse-api.md."""
    try:
        await take_parcel_event(acceptance, await _raw(request))
    except MessageRefused as refused:
        raise Problem(400, f"refused-{refused.reason}", "this message is not what it claims to be") from refused
    return Response(status_code=204)
