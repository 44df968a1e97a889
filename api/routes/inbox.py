"""What waits for a person of the staff to decide."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from api.dependencies import HouseHere, scope
from api.errors import problems
from api.inbox import Inbox, inbox
from api.routes.news import UNCHANGED
from persistence.access import Token

router = APIRouter(prefix="/me/tasks", tags=["people"], responses=problems(401, 403, 422, 429))

MineHere = Annotated[Token, Depends(scope("cases:read"))]


@router.get("", summary="What waits for your decision", responses=UNCHANGED, response_model=Inbox)
async def mine(
    here: HouseHere, token: MineHere, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> Inbox | Response:
    """Approvals of the person whom the token belongs to, what is due first; 403 for a program's. With an ETag."""
    page, tag = await inbox(here, token)
    if if_none_match == tag:
        return Response(status_code=304, headers={"etag": tag})
    response.headers["etag"] = tag
    return page
