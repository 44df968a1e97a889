"""The record itself: its schema, and how long evidence is kept."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from persistence import audit, evidence, reports
from persistence.migrate import migrate as bring_up_to_date
from persistence.reports import EvidenceMonth
from ports.clock import SystemClock

evidence_commands = typer.Typer(help="Messages as they came in, encrypted, by month.", no_args_is_help=True)


def migrate(*, as_json: Json = False) -> None:
    """Bring the schema to this version's, and make room for evidence. Several may run it at once."""
    typer.echo("migrating ...", err=True)
    revision = run(_migrate(read(RecordSettings)))
    if as_json:
        print_json({"revision": revision})
    else:
        typer.echo(f"the record is at revision {revision}")


async def _migrate(settings: RecordSettings) -> str:
    async with open_record(settings) as engine:
        revision = await bring_up_to_date(engine)
        async with engine.begin() as db:
            await evidence.ensure_months(db, SystemClock().now())
        return revision


@evidence_commands.command("drop")
def drop(
    *,
    before: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Whole months that end before this day.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")] = False,
    by: By,
    as_json: Json = False,
) -> None:
    """Remove whole months of evidence: first look, then the same command with --yes."""
    moment = before.replace(tzinfo=UTC)
    if moment > SystemClock().now():
        stop(BAD_USAGE, "--before lies in the future: this month's evidence is still being written")
    months = run(_drop(read(RecordSettings), moment, by, yes=yes))
    if as_json:
        print_json({"dry_run": not yes, "months": months})
        return
    print_table(("month", "messages", "without effect yet"), [(m.name, m.messages, m.unapplied) for m in months])
    typer.echo(f"{len(months)} months {'removed' if yes else 'would be removed; add --yes to do it'}")


async def _drop(settings: RecordSettings, moment: datetime, by: str, *, yes: bool) -> list[EvidenceMonth]:
    async with open_record(settings) as engine, engine.begin() as db:
        months = await reports.evidence_before(db, moment)
        unapplied = [month.name for month in months if month.unapplied]
        if yes and unapplied:
            stop(WRONG, f"{', '.join(unapplied)}: messages were accepted and had no effect yet; find out why first")
        if yes:
            dropped = {"before": f"{moment:%Y-%m-%d}", "months": await evidence.drop_before(db, moment)}
            if dropped["months"]:
                await audit.note_staff_deed(db, by, "drop_evidence", dropped, SystemClock().now())
        return months
