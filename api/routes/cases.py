"""What waits for a person, and what the person decides."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.actors import deciding
from api.case_decisions import (
    CaseAnswer,
    CasePage,
    CaseQuery,
    DecidedAnswer,
    decide,
    one,
    page,
)
from api.dependencies import HouseHere, scope
from api.errors import problems
from api.keys import KeyHere, must_be_first_body
from api.schemas import DecideBody
from persistence.access import Token

router = APIRouter(prefix="/cases", tags=["cases"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("cases:read"))]
DeciderHere = Annotated[Token, Depends(scope("cases:write"))]


@router.get("", summary="Cases, those due first")
async def list_cases(here: HouseHere, _: ReaderHere, asked: Annotated[CaseQuery, Query()]) -> CasePage:
    """`order` is an order's id, such as `shop/tea/1001`."""
    return await page(here, asked)


@router.get("/{case_id}", summary="One case", responses=problems(404))
async def one_case(case_id: str, here: HouseHere, _: ReaderHere) -> CaseAnswer:
    """With its error, its attempts and what each choice will do."""
    return await one(here, case_id)


@router.post(
    "/{case_id}/decide",
    summary="Decide a case",
    responses=problems(400, 404, 409, 413),
)
async def decide_case(
    case_id: str, body: DecideBody, here: HouseHere, token: DeciderHere, key: KeyHere = None
) -> DecidedAnswer:
    """Answered once it is carried out. 503 where no worker takes it up: send the same again, it counts once."""
    by = deciding(token, body.by)
    await must_be_first_body(here, token, key, case_id, body)
    return await decide(here, case_id, body, by)
