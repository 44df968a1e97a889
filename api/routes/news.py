"""Messages to a person of the staff, in the application itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from api.dependencies import HouseHere, scope
from api.errors import Documented, problems
from api.news import NewsPage, State, list_news, mark_read
from persistence.access import Token

router = APIRouter(prefix="/me/messages", tags=["people"], responses=problems(401, 403, 422, 429))

MineHere = Annotated[Token, Depends(scope("cases:read"))]
UNCHANGED: Documented = {304: {"description": "Nothing new since you looked"}}


@router.get("", summary="What you were told, the newest first", responses=UNCHANGED, response_model=NewsPage)
async def list_mine(
    here: HouseHere,
    token: MineHere,
    response: Response,
    state: Annotated[State, Query()] = "unread",
    if_none_match: Annotated[str | None, Header()] = None,
) -> NewsPage | Response:
    """Of the person whom the token belongs to; 403 for a program's. At most 200, with an ETag."""
    page, tag = await list_news(here, token, state)
    if if_none_match == tag:
        return Response(status_code=304, headers={"etag": tag})
    response.headers["etag"] = tag
    return page


@router.post("/{message_id}/read", summary="You have read it", status_code=204, responses=problems(404))
async def read_mine(
    message_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], here: HouseHere, token: MineHere
) -> None:
    """Again changes nothing."""
    await mark_read(here, token, message_id)
