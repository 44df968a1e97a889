"""Who has to approve which refund: policies, tried on cases before they go live."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.dependencies import HouseHere, scope
from api.errors import problems
from api.policy_bodies import DryRunAnswer, DryRunBody, PoliciesAnswer, PolicyAnswer, PolicyBody
from api.policy_trials import dry_run, one_policy, save, shown_policies
from api.versions import IfMatch, tell_version
from persistence.access import Token

router = APIRouter(prefix="/policies", tags=["policies"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("policies:read"))]
WriterHere = Annotated[Token, Depends(scope("policies:write"))]
IdHere = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
VersionAsked = Annotated[int | None, Query(ge=0, lt=10**9)]


@router.get("", summary="The policies that hold")
async def list_policies(here: HouseHere, _: ReaderHere) -> PoliciesAnswer:
    return await shown_policies(here)


@router.get("/{policy_id}", summary="One policy", responses=problems(404))
async def find_policy(
    policy_id: IdHere, here: HouseHere, _: ReaderHere, response: Response, version: VersionAsked = None
) -> PolicyAnswer:
    """The version that holds, or the one asked for, as it was saved; the version is the ETag."""
    policy = await one_policy(here, policy_id, version)
    tell_version(response, policy.version)
    return policy


@router.post("", summary="Save a policy", status_code=201, responses=problems(400, 412, 413, 428))
async def save_policy(
    body: PolicyBody, here: HouseHere, token: WriterHere, response: Response, if_match: IfMatch = None
) -> PolicyAnswer:
    """A new version, which holds from now on for new approvals. Refused with every wrong place named."""
    policy = await save(here, token, body.policy(), if_match)
    tell_version(response, policy.version)
    return policy


@router.post("/dry-run", summary="Try a policy on cases", responses=problems(400, 413))
async def try_policy(body: DryRunBody, here: HouseHere, _: ReaderHere) -> DryRunAnswer:
    """Each refund by the policy that holds and by this one. Nothing is saved."""
    return await dry_run(here, body)
