"""`python -m benchmarks`: measure, print, write down.

Exit code 1 when orders were lost or came twice; a goal that is missed is told, and is no error.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.checks import Lost
from benchmarks.contenders import Product
from benchmarks.figures import Bench, Figure
from benchmarks.flame import profile
from benchmarks.house import open_bench_house
from benchmarks.processes import load_average
from benchmarks.report import print_report, write_latest
from benchmarks.scenarios import demo, history, intake, pace, peak, progress, refunds, saturation, workers

FOLDER = Path(".data/bench")
# In this order: the record is filled first, and what kills a worker comes last.
SCENARIOS: dict[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    "F7": progress.measure,
    "F1 F2": saturation.measure,
    "F3": pace.measure,
    "F4": history.measure,
    "F5 F11": refunds.measure,
    "F6 F12": intake.measure,
    "F8": workers.measure,
    "F13": peak.measure,
}
DEMO = "F10"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass
class Session:
    """One run of the benchmark: what it found so far."""

    wanted: frozenset[str]
    console: Console = field(default_factory=Console)
    began: float = field(default_factory=time.monotonic)
    load_before: float = field(default_factory=load_average)
    figures: list[Figure] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:6.0f} s  {line}", highlight=False)

    async def take(self, names: str, measure: Callable[[], Awaitable[list[Figure]]]) -> None:
        if self.wanted and not self.wanted & set(names.split()):
            return
        self.say(f"[bold]{names}[/]")
        try:
            self.figures += await measure()
        except Lost as lost:
            self.broken.append(f"{names}: {lost}")
            self.say(f"[bold red]{names}: {lost}[/]")

    def end(self) -> int:
        figures = sorted(self.figures, key=lambda each: int(each.id.removeprefix("F")))
        print_report(self.console, figures, (self.load_before, load_average()))
        write_latest(figures)
        for each in self.broken:
            self.console.print(f"[bold red]broken[/] {each}")
        self.say("done")
        return 1 if self.broken else 0


@app.command()
def run(
    *,
    large: Annotated[bool, typer.Option("--large", help="At the sizes of the goals.")] = False,
    only: Annotated[str, typer.Option(help="Figures, separated by commas, such as F1,F8.")] = "",
) -> None:
    """Measure the figures of docs/performance.md."""
    sys.exit(asyncio.run(_run(Session(frozenset(each for each in only.split(",") if each)), large=large)))


async def _run(session: Session, *, large: bool) -> int:
    folder = FOLDER.absolute()
    if session.wanted != {DEMO}:
        session.say("starting Postgres, Temporal, warehouse, API and workers ...")
        async with open_bench_house(folder) as house:
            product = Product(house)
            async with product.serving():
                bench = Bench(house, session.say, product, large)
                await product.warm_up()
                for names, measure in SCENARIOS.items():
                    await session.take(names, lambda measure=measure: measure(bench))  # type: ignore[misc]
    await session.take(DEMO, lambda: demo.measure(folder / "demo", session.say))
    return session.end()


@app.command("profile")
def run_profile(
    contender: Annotated[str, typer.Option(help="product, floor, plain or inline.")] = "product",
    part: Annotated[str, typer.Option(help="worker or api.")] = "worker",
) -> None:
    """Where the time of a worker (or the API) goes under load."""
    asyncio.run(profile(Console(), contender, part))


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
