"""Who works here: roles, superiors, stand-ins, limits. Approvals ask for them each time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.dependencies import HouseHere, scope
from api.errors import problems
from api.people_bodies import PeopleAnswer, PersonAnswer, PersonBody
from api.staff import one_person, put_person, shown_people
from api.versions import IfMatch, tell_version
from persistence.access import Token

router = APIRouter(prefix="/people", tags=["people"], responses=problems(401, 403, 422, 429))

ReaderHere = Annotated[Token, Depends(scope("people:read"))]
WriterHere = Annotated[Token, Depends(scope("people:write"))]
IdHere = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]


@router.get("", summary="Everybody")
async def list_people(here: HouseHere, _: ReaderHere) -> PeopleAnswer:
    return await shown_people(here)


@router.get("/{person_id}", summary="One person", responses=problems(404))
async def find_person(person_id: IdHere, here: HouseHere, _: ReaderHere, response: Response) -> PersonAnswer:
    """With the version as ETag."""
    person = await one_person(here, person_id)
    tell_version(response, person.version)
    return person


@router.put("/{person_id}", summary="Add or change a person", responses=problems(400, 412, 413, 428))
async def change_person(
    person_id: IdHere,
    body: PersonBody,
    here: HouseHere,
    token: WriterHere,
    response: Response,
    if_match: IfMatch = None,
) -> PersonAnswer:
    """Whole. Refused where people would not fit together, or where a policy's step would name nobody any more."""
    person = await put_person(here, token, body.person(person_id), if_match)
    tell_version(response, person.version)
    return person
