"""The brake on outgoing money, and its caps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api import money
from api.actors import deciding
from api.dependencies import HouseHere, scope
from api.errors import problems
from api.money_bodies import BrakeBody, CapBody, CapName, MoneyAnswer
from persistence.access import Token

router = APIRouter(prefix="/money", tags=["money"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("money:read"))]
WriterHere = Annotated[Token, Depends(scope("money:write"))]
NameHere = Annotated[CapName, Path()]


@router.get("", summary="Whether money may leave, how much of each cap is used, and what waits")
async def how_it_stands(here: HouseHere, _: ReaderHere) -> MoneyAnswer:
    return await money.how_it_stands(here)


@router.post("/stop", summary="Stop all outgoing money", responses=problems(400, 413))
async def stop(body: BrakeBody, here: HouseHere, token: WriterHere) -> MoneyAnswer:
    """From this answer on no refund's money leaves, whichever worker it is on. What waits keeps its number.

    What a provider has already been told is not called back: it is asked about. Said again, it takes back a release
    that was asked for.
    """
    return await money.stop(here, deciding(token, body.by), body.reason)


@router.post("/resume", summary="Let money leave again", responses=problems(400, 409, 413))
async def resume(body: BrakeBody, here: HouseHere, token: WriterHere) -> MoneyAnswer:
    """The first person asks, a second one confirms; the same one twice is refused. What waits goes on by itself."""
    return await money.resume(here, deciding(token, body.by), body.reason)


@router.put("/caps/{cap_name}", summary="Set a cap on outgoing money", responses=problems(400, 409, 413))
async def set_cap(cap_name: NameHere, body: CapBody, here: HouseHere, token: WriterHere) -> MoneyAnswer:
    """A new one, or another one of this name. What is over a cap waits, and looks again by itself.

    What lets more leave than before waits for a second person, who asks for the same (`loosening_asked`).
    """
    return await money.set_cap(here, body.cap(cap_name), deciding(token, body.by))


@router.delete("/caps/{cap_name}", summary="Remove a cap", responses=problems(404, 409))
async def remove_cap(cap_name: NameHere, here: HouseHere, token: WriterHere) -> MoneyAnswer:
    """The first person asks, a second one confirms by asking for the same."""
    return await money.remove_cap(here, cap_name, deciding(token, None))
