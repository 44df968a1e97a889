"""Refunds: asked for, decided, withdrawn, and how they stand."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.actors import deciding, speaking
from api.dependencies import AcceptanceHere, HouseHere, ShopRequestHere, scope
from api.errors import problems
from api.keys import KeyHere, must_be_first_body
from api.refund_bodies import (
    AskedAnswer,
    AssessmentBody,
    DecisionBody,
    RefundAnswer,
    RefundBody,
    WaybillBody,
    WithdrawalBody,
)
from api.refund_ratings import RatingAnswer, RatingBody, rate
from api.refunds import act, ask_refund, assess, send_goods, show_refund
from api.versions import IfMatch, tell_version, version_seen
from persistence.access import Token
from workflows.refund_messages import ApprovalCommand

router = APIRouter(prefix="/refunds", tags=["refunds"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("orders:read"))]
DeciderHere = Annotated[Token, Depends(scope("cases:write"))]
ShopHere = Annotated[Token, Depends(scope("orders:write"))]
RefundHere = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]


@router.post("", summary="Ask for a refund", status_code=202, responses=problems(400, 404, 409, 413))
async def ask(request: ShopRequestHere, body: RefundBody, acceptance: AcceptanceHere) -> AskedAnswer:
    """Opened, or refused with the exact maximum that can still go back. The same key asks for the same refund."""
    speaking(request.token, body.applicant)
    return await ask_refund(acceptance, request, body)


@router.get("/{refund_id}", summary="How a refund stands", responses=problems(404))
async def one(refund_id: RefundHere, here: HouseHere, _: ReaderHere, response: Response) -> RefundAnswer:
    """Who must decide what, who was reminded, each movement of money and the provider's reference.

    The ETag names how often somebody has acted on its approval.
    """
    return told(await show_refund(here, refund_id), response)


@router.post("/{refund_id}/decisions", summary="Act on the approval", responses=problems(400, 404, 409, 412, 413))
async def decide(
    refund_id: RefundHere,
    body: DecisionBody,
    here: HouseHere,
    token: DeciderHere,
    response: Response,
    key: KeyHere = None,
    if_match: IfMatch = None,
) -> RefundAnswer:
    """Approve, refuse, or another verb, on the version that was seen. Of two at once one counts, 409 for the other.

    The same again gets the same answer. With `If-Match` it is refused, 412, once anybody else has acted.
    """
    command = body.command(deciding(token, body.by), None if if_match is None else version_seen(if_match))
    await must_be_first_body(here, token, key, refund_id, body)
    return told(await act(here, refund_id, command), response)


@router.post("/{refund_id}/withdrawal", summary="Withdraw a refund", responses=problems(400, 404, 409, 413))
async def withdraw(
    refund_id: RefundHere,
    body: WithdrawalBody,
    here: HouseHere,
    token: ShopHere,
    response: Response,
    key: KeyHere = None,
) -> RefundAnswer:
    """By its applicant, until its money is on its way. The same again gets the same answer."""
    command = ApprovalCommand("withdraw", speaking(token, body.by), body.version)
    await must_be_first_body(here, token, key, refund_id, body)
    return told(await act(here, refund_id, command), response)


@router.put("/{refund_id}/waybill", summary="Goods were sent back", responses=problems(400, 404, 409, 413))
async def waybill(refund_id: RefundHere, body: WaybillBody, here: HouseHere, token: ShopHere) -> RefundAnswer:
    """By the buyer, or by support for him, within his window; the warehouse is told what to expect."""
    speaking(token, body.by)
    return await send_goods(here, refund_id, body)


@router.put("/{refund_id}/rating", summary="Rate a refund", responses=problems(400, 404, 409, 413))
async def rating(refund_id: RefundHere, body: RatingBody, here: HouseHere, token: ShopHere) -> RatingAnswer:
    """By the customer of its order, once it has ended; the last score counts."""
    speaking(token, body.by)
    return await rate(here, refund_id, body)


@router.post("/{refund_id}/assessment", summary="Say what damage costs", responses=problems(400, 404, 409, 413))
async def assessment(refund_id: RefundHere, body: AssessmentBody, here: HouseHere, token: DeciderHere) -> RefundAnswer:
    """While damaged goods wait for a word; another amount than was approved needs every signature again."""
    return await assess(here, refund_id, body, deciding(token, body.by))


def told(answer: RefundAnswer, response: Response) -> RefundAnswer:
    tell_version(response, answer.approval.moves if answer.approval else 0)
    return answer
