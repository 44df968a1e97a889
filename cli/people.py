"""Who works here: what approvals ask for."""

import typer

from api.people_bodies import PeopleAnswer, PeopleFile, PersonAnswer
from cli.endings import run
from cli.files import JsonFile, read_file
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.people import Person, Staff
from persistence import people
from persistence.people import KnownPerson
from ports.clock import SystemClock

people_commands = typer.Typer(help="Who works here: roles, superiors, stand-ins, limits.", no_args_is_help=True)


@people_commands.command("list")
def list_people(*, as_json: Json = False) -> None:
    """Everybody. What --json prints can be mended and saved."""
    everybody = run(_list(read(RecordSettings)))
    staff = Staff(tuple(known.person for known in everybody))
    shown = [PersonAnswer.of(known, staff.chain_of(known.person.id)) for known in everybody]
    if as_json:
        print_json(PeopleAnswer(people=shown).model_dump(mode="json"))
    else:
        columns = ("id", "name", "roles", "superiors", "decides up to", "works here")
        print_table(columns, [_row(known.person, staff) for known in everybody])


def _row(person: Person, staff: Staff) -> tuple[str, ...]:
    posts = (post.role if post.entity_id is None else f"{post.role} in {post.entity_id}" for post in person.posts)
    limits = ", ".join(map(str, person.limits)) or "any amount"
    superiors = ", ".join(staff.chain_of(person.id))
    return person.id, person.name, ", ".join(posts), superiors, limits, "yes" if person.active else "no"


async def _list(settings: RecordSettings) -> tuple[KnownPerson, ...]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await people.list_people(db)


@people_commands.command("save")
def save_people(file: JsonFile, *, by: By) -> None:
    """Add or change the people of a file, all or none. Who is not in it stays as he is."""
    saved = run(_save(read(RecordSettings), read_file(PeopleFile, file), by))
    for known in saved:
        typer.echo(f"{known.person.id}: version {known.version}")
    if not saved:
        typer.echo("nothing to change")


async def _save(settings: RecordSettings, file: PeopleFile, by: str) -> tuple[KnownPerson, ...]:
    changed = [each.person(each.id) for each in file.people]
    seen = {each.id: each.version for each in file.people if each.version is not None}
    async with open_record(settings) as engine, engine.begin() as db:
        return await people.save_people(db, changed, by, SystemClock().now(), seen=seen)
