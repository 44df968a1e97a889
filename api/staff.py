"""People over HTTP: what is shown of them, and how one is changed."""

from api.actors import changing
from api.errors import Problem
from api.people_bodies import PeopleAnswer, PersonAnswer
from api.versions import changes, version_seen
from domain.people import Person, Staff
from persistence import people
from persistence.access import Token
from persistence.engine import reading
from persistence.people import KnownPerson
from runtime.wiring import House


async def _everybody(house: House) -> tuple[KnownPerson, ...]:
    async with reading(house.engine) as db:
        return await people.list_people(db)


async def shown_people(house: House) -> PeopleAnswer:
    everybody = await _everybody(house)
    staff = Staff(tuple(known.person for known in everybody))
    return PeopleAnswer(people=[PersonAnswer.of(known, staff.chain_of(known.person.id)) for known in everybody])


async def one_person(house: House, person_id: str) -> PersonAnswer:
    shown = await shown_people(house)
    found = next((person for person in shown.people if person.id == person_id), None)
    if found is None:
        raise Problem(404, "unknown-person", f"there is no person {person_id}")
    return found


async def put_person(house: House, token: Token, person: Person, if_match: str | None) -> PersonAnswer:
    with changes(if_match):
        async with house.engine.begin() as db:
            seen = {person.id: version_seen(if_match)}
            await people.save_people(db, [person], changing(token), house.clock.now(), seen=seen)
    return await one_person(house, person.id)
