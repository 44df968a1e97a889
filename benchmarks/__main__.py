"""`python -m benchmarks`: measure, print, write down.

Exit code 1 when orders were lost or came twice; a goal that is missed is told, and is no error.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.checks import Lost
from benchmarks.figures import Bench, Figure
from benchmarks.house import open_bench_house
from benchmarks.processes import load_average
from benchmarks.report import print_report, write_latest
from benchmarks.scenarios import saturation

FOLDER = Path(".data/bench")
Scenario = Callable[[Bench], Awaitable[list[Figure]]]
SCENARIOS: dict[str, Scenario] = {"F1 F2": saturation.measure}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    *,
    large: Annotated[bool, typer.Option("--large", help="The sizes of the goals; takes an hour.")] = False,
    only: Annotated[str, typer.Option(help="Figures, separated by commas, such as F1,F8.")] = "",
) -> None:
    """Measure the figures of docs/performance.md."""
    sys.exit(asyncio.run(_run(large=large, wanted=[each for each in only.split(",") if each])))


async def _run(*, large: bool, wanted: Sequence[str]) -> int:
    console, began, before = Console(), time.monotonic(), load_average()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {line}", highlight=False)

    figures: list[Figure] = []
    broken = []
    say("starting Postgres, Temporal and the warehouse ...")
    async with open_bench_house(FOLDER.absolute()) as house:
        bench = Bench(house, say, large)
        for names, measure in SCENARIOS.items():
            if wanted and not set(wanted) & set(names.split()):
                continue
            say(f"{names} ...")
            try:
                figures += await measure(bench)
            except Lost as lost:
                broken.append(f"{names}: {lost}")
                say(f"[bold red]{names}: {lost}[/]")
    print_report(console, figures, (before, load_average()))
    write_latest(figures)
    for each in broken:
        console.print(f"[bold red]broken[/] {each}")
    return 1 if broken else 0


def main() -> None:
    """Ends the process by itself: the Temporal client may abort a normal exit of the interpreter."""
    code = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
