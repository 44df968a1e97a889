"""API tokens: who may ask what."""

from typing import Annotated

import typer

from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json
from cli.surroundings import By, RecordSettings, open_record, read
from persistence import access, audit
from ports.clock import SystemClock

token_commands = typer.Typer(help="API tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who uses it, such as 'shop tea'.")]


@token_commands.command("create")
def create(
    name: Name,
    *,
    scope: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(access.SCOPES)}.")],
    person: Annotated[str | None, typer.Option(help="Whose it is: what is decided with it is his deed.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="End the token of this name that is in use.")] = False,
    by: By,
    as_json: Json = False,
) -> None:
    """Print a new token's secret. It is shown once: only its hash is kept."""
    unknown = sorted(set(scope) - set(access.SCOPES))
    if unknown:
        stop(BAD_USAGE, f"there is no scope {', '.join(unknown)}: choose from {', '.join(access.SCOPES)}")
    secret = run(_create(read(RecordSettings), name, sorted(set(scope)), by, person=person, replace=replace))
    if as_json:
        print_json({"name": name, "scopes": sorted(set(scope)), "person": person, "token": secret})
    else:
        typer.echo(secret)


async def _create(
    settings: RecordSettings, name: str, scopes: list[str], by: str, *, person: str | None, replace: bool
) -> str:
    async with open_record(settings) as engine, engine.begin() as db:
        if person is not None and not await access.works_here(db, person):
            stop(WRONG, f"nobody of the id {person!r} works here: `lockstep people list` says who does")
        in_use = await access.token_is_in_use(db, name)
        if in_use and not replace:
            stop(WRONG, f"token {name!r} is in use: give --replace to end it and make a new one")
        now = SystemClock().now()
        made = {"token": name, "scopes": scopes, "person": person, "replaced": in_use}
        await audit.note_staff_deed(db, by, "create_token", made, now)
        return await access.create_token(db, name, scopes, now, person)


@token_commands.command("revoke")
def revoke(name: Name, *, by: By) -> None:
    """From now on nobody gets in with it."""
    if not run(_revoke(read(RecordSettings), name, by)):
        stop(WRONG, f"no token {name!r} is in use")
    typer.echo(f"revoked {name}")


async def _revoke(settings: RecordSettings, name: str, by: str) -> bool:
    async with open_record(settings) as engine, engine.begin() as db:
        now = SystemClock().now()
        revoked = await access.revoke_token(db, name, now)
        if revoked:
            await audit.note_staff_deed(db, by, "revoke_token", {"token": name}, now)
        return revoked
