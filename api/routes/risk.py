"""Money that waits for somebody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.dependencies import HouseHere, scope
from api.errors import problems
from api.risk_bodies import RiskPage
from persistence import reminders
from persistence.access import Token
from persistence.engine import reading
from persistence.money_at_risk import money_at_risk

router = APIRouter(prefix="/money-at-risk", tags=["money"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("cases:read"))]
LimitHere = Annotated[int, Query(ge=1, le=1000)]


@router.get("", summary="Open stages of refunds and open cases with money")
async def at_risk(here: HouseHere, _: ReaderHere, limit: LimitHere = 200) -> RiskPage:
    """Overdue first, by amount x time overdue; then the rest, by amount / time left. Each with who was told of it."""
    async with reading(here.engine) as db:
        found = await money_at_risk(db, here.clock.now(), here.settings.scaled_limits)
        told = await reminders.told_of(db, found[:limit])
    return RiskPage.of(found, limit, told)
