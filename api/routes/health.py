"""Is this process alive, and can it do its work?"""

from fastapi import APIRouter, Response

from api.answers import Alive, Ready
from api.dependencies import HouseHere
from persistence import queries
from persistence.engine import reading

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="The process answers")
async def live() -> Alive:
    return Alive(status="ok")


@router.get("/ready", summary="Postgres and Temporal answer too", responses={503: {"model": Ready}})
async def ready(here: HouseHere, response: Response) -> Ready:
    found = Ready(postgres="ok", temporal="ok")
    try:
        async with reading(here.engine) as db:
            await queries.answers(db)
    except Exception:  # noqa: BLE001 - any failure means the same here
        found.postgres = "away"
    try:
        await here.temporal.service_client.check_health()
    except Exception:  # noqa: BLE001
        found.temporal = "away"
    response.status_code = 200 if found.postgres == found.temporal == "ok" else 503
    return found
