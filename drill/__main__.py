"""`python -m drill`: see `make drill` and docs/operations.md. Exit code 1: something is broken, or was never tried."""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from drill import report as reports
from drill.real import kills
from drill.real.house import open_drill_house
from drill.report import Report
from drill.virtual import lane as lane_of
from drill.virtual import lanes
from drill.virtual.matrix import CELLS
from drill.virtual.plan import DEATHS, REFUNDS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
FOLDER = Path(".data/drill")
SCHEDULES = max(1000, len(CELLS))  # each aims at one cell
SPEAK_EVERY_SECONDS = 10.0
BROKEN = 1


@app.callback(invoke_without_command=True)
def drill(
    context: typer.Context,
    *,
    seed: Annotated[int | None, typer.Option(help="Draws all schedules; without: today's date.")] = None,
    schedules: Annotated[int, typer.Option(min=0, help="How many in virtual time.")] = SCHEDULES,
    only: Annotated[str, typer.Option(help="Only these schedules, such as 17 or 3,17.")] = "",
    with_kills: Annotated[bool, typer.Option("--kills/--no-kills", help="Kill real processes too.")] = True,
    side_by_side: Annotated[int, typer.Option("--lanes", min=1, help="Processes that play schedules.")] = 2,
    folder: Annotated[Path, typer.Option(help="Where the report goes.")] = FOLDER,
) -> None:
    """Kill and cut everything at each step while the outside misbehaves, and verify what came of it."""
    if context.invoked_subcommand is not None:
        return
    numbers = [int(each) for each in only.split(",")] if only else list(range(schedules))
    seed = seed if seed is not None else int(f"{datetime.now(UTC):%Y%m%d}")
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    report = Report(seed, must_cover=not only and len(numbers) >= len(CELLS))
    began = time.monotonic()
    asyncio.run(_play(report, numbers, side_by_side, folder, console))
    if numbers and not only:
        asyncio.run(_die(report, side_by_side, folder, console))
    if with_kills and not only:
        asyncio.run(_kill(report, folder.absolute(), console))
    report.seconds = time.monotonic() - began
    reports.show(report, console)
    reports.write(report, folder)
    console.print(f"report: {folder / 'report.md'} and {folder / 'report.json'}", soft_wrap=True)
    _end(0 if report.held else BROKEN)


async def _play(report: Report, numbers: list[int], side_by_side: int, folder: Path, console: Console) -> None:
    began = spoken = time.monotonic()
    console.print(f"seed {report.seed}: {len(numbers)} schedules in virtual time", highlight=False)
    async for outcome in lanes.run(report.seed, numbers, side_by_side, folder):
        report.outcomes.append(outcome)
        for found in outcome.broken:
            console.print(f"[bold red]BROKEN[/] {found.invariant}: {reports.suspects(outcome, found)}")
        if time.monotonic() - spoken > SPEAK_EVERY_SECONDS:
            spoken = time.monotonic()
            covered = f"{report.counted()['cells hit']} of {len(CELLS)} cells hit"
            console.print(f"{report.schedules} of {len(numbers)}, {covered}, {spoken - began:.0f} s", highlight=False)


async def _die(report: Report, side_by_side: int, folder: Path, console: Console) -> None:
    report.deaths_planned = len(DEATHS) * REFUNDS
    console.print(f"{report.deaths_planned} deaths between a provider's refund and our record", highlight=False)
    async for outcome in lanes.run(report.seed, DEATHS, side_by_side, folder):
        report.outcomes.append(outcome)
        report.deaths += outcome.crashes


async def _kill(report: Report, folder: Path, console: Console) -> None:
    console.print(f"{len(kills.KILLS)} kills of real processes; starting Postgres, Temporal, API, worker, outside")
    async with open_drill_house(folder) as house:
        try:
            async for blow in kills.blows(house):
                report.blows.append(blow)
                console.print(f"killed {blow.kill}; {blow.order} went on after {blow.went_on_seconds:.1f} s")
            console.print("coming to rest ...")
            report.broken_by_kills = await kills.rest_and_verify(house)
        except Exception as missed:  # noqa: BLE001 - whatever it was, the report is to say it
            report.kills_missed.append(str(missed) or type(missed).__name__)


@app.command(hidden=True)
def lane(plan: Path) -> None:
    """One lane of the schedules: a line of JSON per batch."""
    lane_of.quiet()
    wish = json.loads(plan.read_text())
    asyncio.run(_lane(wish["seed"], wish["numbers"]))
    _end(0)


async def _lane(seed: int, numbers: list[int]) -> None:
    async for outcome in lane_of.outcomes(seed, numbers):
        print(json.dumps(outcome.as_data(), default=str), flush=True)


def _end(code: int) -> None:
    """By itself: the Temporal client may abort a normal exit of the interpreter."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    app()
