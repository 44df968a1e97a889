"""What people have not been told yet."""

from dataclasses import asdict

import typer

from cli.endings import run
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from persistence.engine import reading
from persistence.news import Unsent, list_unsent


def news(*, as_json: Json = False) -> None:
    """Messages that have not left, the oldest first, with how often that was tried and what went wrong."""
    found = run(_unsent(read(RecordSettings)))
    if as_json:
        print_json({"unsent": [asdict(each) for each in found]})
    elif not found:
        typer.echo("everybody has been told")
    else:
        columns = ("message", "topic", "for", "recipient", "written", "attempts", "error")
        print_table(columns, [tuple(asdict(each).values()) for each in found])


async def _unsent(settings: RecordSettings) -> list[Unsent]:
    async with open_record(settings) as engine, reading(engine) as db:
        return await list_unsent(db)
