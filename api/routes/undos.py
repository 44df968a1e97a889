"""Undoing in bulk what another system did wrongly."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api import undos
from api.actors import deciding
from api.dependencies import HouseHere, scope
from api.errors import problems
from api.undo_bodies import CancelBody, FindBody, PlansAnswer, ReleaseBody, WholePlanAnswer
from domain.brake import Said
from persistence.access import Token

router = APIRouter(prefix="/undos", tags=["undos"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("money:read"))]
WriterHere = Annotated[Token, Depends(scope("money:write"))]
PlanHere = Annotated[str, Path(pattern=r"^[0-9]{8}-[0-9a-f]{8}$")]


@router.post("", summary="Find what charged buyers too much", status_code=201, responses=problems(400, 413))
async def find(body: FindBody, here: HouseHere, token: WriterHere) -> WholePlanAnswer:
    """Trades as another system or a provider's bill tells of them, each with what it is to us. Nothing moves yet."""
    return await undos.find(here, body, deciding(token, body.by))


@router.get("", summary="Plans, the newest first")
async def list_plans(here: HouseHere, _: ReaderHere) -> PlansAnswer:
    """At most the last hundred."""
    return await undos.list_plans(here)


@router.get("/{plan_id}", summary="A plan, trade by trade", responses=problems(404))
async def show(plan_id: PlanHere, here: HouseHere, _: ReaderHere) -> WholePlanAnswer:
    """What would be undone, what is left out and why; once released, how far each trade is."""
    return await undos.show(here, plan_id)


@router.post("/{plan_id}/release", summary="Release a plan", responses=problems(400, 404, 409, 413))
async def release(plan_id: PlanHere, body: ReleaseBody, here: HouseHere, token: WriterHere) -> WholePlanAnswer:
    """By a second person who may decide on all of it. Each trade is asked about at its provider, then told to its
    order, which gives back what is too much as its policy says. The same release again changes nothing.
    """
    said = Said(deciding(token, body.by), body.reason, here.clock.now())
    return await undos.release(here, plan_id, said, body.version)


@router.post("/{plan_id}/cancel", summary="Cancel the rest of a plan", responses=problems(400, 404, 409, 413))
async def cancel(plan_id: PlanHere, body: CancelBody, here: HouseHere, token: WriterHere) -> WholePlanAnswer:
    """What was told to an order goes on; nothing more is told."""
    said = Said(deciding(token, body.by), body.reason, here.clock.now())
    return await undos.cancel(here, plan_id, said)
