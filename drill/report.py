"""What a drill found: printed, and written as Markdown and JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from drill import coverage
from drill.real.kills import Blow
from drill.virtual.judgement import Found
from drill.virtual.lane import Outcome
from drill.virtual.matrix import CELLS, Cell
from verify import Invariant

SHOWN_CHARACTERS = 1200
MOST_STRANDED_SHARE = 0.02
KILL_COLUMNS = ("killed", "order", "paid, not pushed", "back after (s)", "went on after (s)")


@dataclass
class Report:
    """`must_cover`: whether an empty cell fails the drill; a few schedules cannot fill the matrix.

    `blows` are the kills of real processes, `kills_missed` those that never came to be.
    """

    seed: int
    must_cover: bool
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    deaths_planned: int = 0  # between a provider's refund and our record
    deaths: int = 0
    blows: list[Blow] = field(default_factory=list)
    kills_missed: list[str] = field(default_factory=list)
    broken_by_kills: list[Invariant] = field(default_factory=list)

    @property
    def schedules(self) -> int:
        """Those that were played to their end, or broke."""
        return sum(len(outcome.numbers) for outcome in self.outcomes if not outcome.stranded)

    @property
    def stranded(self) -> list[int]:
        return [number for outcome in self.outcomes if outcome.stranded for number in outcome.numbers]

    @property
    def too_many_stranded(self) -> bool:
        return len(self.stranded) > max(1, MOST_STRANDED_SHARE * self.schedules)

    @property
    def hits(self) -> Counter[Cell]:
        return sum((outcome.hits for outcome in self.outcomes), Counter[Cell]())

    @property
    def empty_cells(self) -> list[Cell]:
        return coverage.empty(self.hits) if self.must_cover else []

    @property
    def broken(self) -> list[tuple[Outcome, Found]]:
        return [(outcome, found) for outcome in self.outcomes for found in outcome.broken]

    @property
    def held(self) -> bool:
        missed = self.empty_cells or self.kills_missed or self.deaths != self.deaths_planned
        return not (self.broken or self.broken_by_kills or self.too_many_stranded or missed)

    def counted(self) -> dict[str, int]:
        return {
            "schedules": self.schedules,
            "lost by the test server": len(self.stranded),
            "orders": sum(outcome.orders for outcome in self.outcomes),
            "crashes": sum(outcome.crashes for outcome in self.outcomes),
            "faults of the outside": sum(outcome.strikes for outcome in self.outcomes),
            "cells hit": len(CELLS) - len(coverage.empty(self.hits)),
            "cells": len(CELLS),
            "deaths between a refund and its record": self.deaths,
            "processes killed": len(self.blows),
        }

    def as_data(self) -> dict[str, Any]:
        return {
            "held": self.held,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            **self.counted(),
            "broken": [asdict(found) | {"played_with": list(outcome.numbers)} for outcome, found in self.broken],
            "empty_cells": [f"{cell.point} x {cell.fault}" for cell in self.empty_cells],
            "stranded": self.stranded,
            "kills": [asdict(blow) for blow in self.blows],
            "kills_missed": self.kills_missed,
            "broken_by_kills": [asdict(found) for found in self.broken_by_kills],
            "coverage": {
                str(point): dict(zip(coverage.FAULTS, counts, strict=True))
                for point, counts in coverage.rows(self.hits)
            },
        }


def suspects(outcome: Outcome, found: Found) -> Sequence[int]:
    """The schedules to play again: those that the evidence names, else all that were played with it."""
    return found.schedules or outcome.numbers


def show(report: Report, console: Console) -> None:
    if report.outcomes:
        coverage.show(report.hits, console)
    if report.blows:
        console.print(_kills_table(report.blows))
    for outcome, found in report.broken:
        console.print(f"[bold red]BROKEN[/] {found.invariant}", highlight=False)
        console.print(escape(json.dumps(found.evidence, default=str)[:SHOWN_CHARACTERS]), soft_wrap=True)
        numbers = suspects(outcome, found)
        console.print(f"  again: make drill SEED={report.seed} ONLY={','.join(map(str, numbers))}", highlight=False)
    for cell in report.empty_cells:
        console.print(f"[bold red]NEVER HIT[/] {cell.point} x {cell.fault}", highlight=False)
    for invariant in report.broken_by_kills:
        console.print(f"[bold red]BROKEN BY KILLS[/] {invariant.name}", highlight=False)
        console.print(escape(json.dumps(invariant.evidence, default=str)[:SHOWN_CHARACTERS]), soft_wrap=True)
    for missed in report.kills_missed:
        console.print(f"[bold red]NEVER CAME[/] {escape(missed)}", highlight=False)
    console.print(_sentence(report), style="bold green" if report.held else "bold red")


def _kills_table(blows: Sequence[Blow]) -> Table:
    table = Table(*KILL_COLUMNS, title="Real processes, killed while money or a push was in flight")
    for blow in blows:
        table.add_row(*_kill_row(blow))
    return table


def _kill_row(blow: Blow) -> tuple[str, ...]:
    return (blow.kill, blow.order, str(blow.paid_not_pushed), f"{blow.back_seconds:.1f}", f"{blow.went_on_seconds:.1f}")


def _sentence(report: Report) -> str:
    counts = ", ".join(f"{count:,} {what}" for what, count in report.counted().items())
    wrong = {
        "broken": len(report.broken) + len(report.broken_by_kills),
        "never hit": len(report.empty_cells),
        "too many lost": int(report.too_many_stranded),
        "never came": len(report.kills_missed) + report.deaths_planned - report.deaths,
    }
    verdict = "every invariant held" if report.held else ", ".join(f"{count} {what}" for what, count in wrong.items())
    return f"{counts}; {verdict} (seed {report.seed}, {report.seconds:.0f} s)"


def write(report: Report, folder: Path) -> None:
    (folder / "report.json").write_text(json.dumps(report.as_data(), ensure_ascii=False, indent=1, default=str) + "\n")
    lines = ["# Failover drill", "", _sentence(report), ""]
    broken = [f"- {found.invariant}: schedules {suspects(outcome, found)}" for outcome, found in report.broken]
    broken += [f"- {found.name}: after the kills" for found in report.broken_by_kills]
    never = [f"- {cell.point} x {cell.fault}" for cell in report.empty_cells]
    never += [f"- {missed}" for missed in report.kills_missed]
    for title, found_lines in (("Broken", broken), ("Never tried", never)):
        if found_lines:
            lines += [f"## {title}", "", *found_lines, ""]
    if report.blows:
        rows = [KILL_COLUMNS, ("---", "---", "---:", "---:", "---:"), *map(_kill_row, report.blows)]
        lines += ["## Real processes, killed while money or a push was in flight", ""]
        lines += [f"| {' | '.join(row)} |" for row in rows] + [""]
    if report.outcomes:
        lines += ["## Hits while money or a push was in flight", "", *coverage.markdown(report.hits), ""]
    (folder / "report.md").write_text("\n".join(lines))
