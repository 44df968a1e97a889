"""The table that people read and the file that programs read."""

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.figures import Figure

LATEST = Path(__file__).parent / "latest.json"
MET = {True: "[green]yes[/]", False: "[red]no[/]", None: "reported"}


def print_report(console: Console, figures: Sequence[Figure], loads: tuple[float, float]) -> None:
    table = Table("", "measure", "value", "goal", "met", title="Figures", show_lines=True)
    for figure in figures:
        table.add_row(figure.id, figure.title, escape(_values(figure.value)), escape(figure.goal), MET[figure.met])
    console.print(table)
    for figure in figures:
        for line in figure.lines:
            console.print(f"{figure.id}  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}; "
        f"load average {loads[0]:.1f} before, {loads[1]:.1f} after (ours included)"
    )


def write_latest(figures: Sequence[Figure], file: Path = LATEST) -> None:
    """`{"F1": {"value", "goal", "met", "runs"}, ...}`; figures of earlier runs that this one did not take stay."""
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    kept |= {
        each.id: {"value": each.value, "goal": each.goal, "met": each.met, "runs": list(each.runs)} for each in figures
    }
    file.write_text(json.dumps(kept, indent=1) + "\n")


def _values(value: dict[str, float]) -> str:
    return "\n".join(f"{name.replace('_', ' ')} {number:.4g}" for name, number in value.items())
