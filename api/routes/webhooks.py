"""Where the outside tells us what happened. Raw bytes go in, because signatures cover raw bytes."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import PlainTextResponse

from api.after_sale_events import take_after_sale_event
from api.dependencies import AcceptanceHere
from api.errors import Documented, Problem, problems
from api.parcel_events import take_parcel_event
from api.payment_notices import take_notice
from ports.errors import MessageRefused
from ports.messages import RawMessage

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=problems(413, 429))

# Signatures cover raw bytes: what is in them is the adapters' business.
ANY_BODY = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
PROVIDERS_WORDS: Documented = {
    204: {"description": "Accepted (WeChat Pay)"},
    400: {
        "description": "Refused, in the provider's words",
        "content": {"text/plain": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
    },
}


async def _raw(request: Request) -> RawMessage:
    return RawMessage.arrived(request.headers.items(), await request.body())


@router.post(
    "/warehouse",
    summary="Parcels that left or arrived, goods that came back",
    status_code=204,
    responses=problems(400),
    openapi_extra=ANY_BODY,
)
async def warehouse(request: Request, acceptance: AcceptanceHere) -> Response:
    """Standard Webhooks; see docs/warehouse-api.md."""
    try:
        await take_parcel_event(acceptance, await _raw(request))
    except MessageRefused as refused:
        raise Problem(400, f"refused-{refused.reason}", "this message is not what it claims to be") from refused
    return Response(status_code=204)


@router.post(
    "/bazaar/{shop_id}",
    summary="After-sales of the pretend marketplace",
    status_code=204,
    responses=problems(400, 404, 422, 503),
    openapi_extra=ANY_BODY,
)
async def bazaar(
    shop_id: Annotated[str, Path(description="the shop's name there")], request: Request, acceptance: AcceptanceHere
) -> Response:
    """Standard Webhooks; see docs/bazaar-api.md."""
    shop = next((each for each in acceptance.house.platforms if each.shop_id == shop_id), None)
    if shop is None:
        raise Problem(404, "not-found", "there is no such shop")
    try:
        platform = acceptance.house.platforms[shop]
        await take_after_sale_event(acceptance, str(shop), platform, await _raw(request))
    except MessageRefused as refused:
        raise Problem(400, f"refused-{refused.reason}", "this message is not what it claims to be") from refused
    return Response(status_code=204)


@router.post(
    "/{provider}",
    summary="Payment notices of a provider",
    response_class=PlainTextResponse,
    responses=problems(404, 422) | PROVIDERS_WORDS,
    openapi_extra=ANY_BODY,
)
async def payment_notice(
    provider: Annotated[str, Path(description="`alipay` or `wechatpay`")], request: Request, acceptance: AcceptanceHere
) -> Response:
    """Once the notice is durably accepted it answers what the provider takes for success: `success`, or 204."""
    if provider not in acceptance.house.providers:
        raise Problem(404, "not-found", "there is no such provider")
    answer = await take_notice(acceptance, acceptance.house.providers[provider], await _raw(request))
    return Response(answer.body, answer.status, media_type=answer.media_type or None)
