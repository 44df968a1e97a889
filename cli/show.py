"""How commands print: tables for people, JSON for programs, progress beside both."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200  # columns where nobody looks at a terminal: ids stay whole

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


def print_json(data: object) -> None:
    typer.echo(json.dumps(data, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def clean(value: object) -> Text:
    """What came from outside must not steer the terminal."""
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ", timespec="seconds")
    text = "" if value is None else str(value)
    return Text("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(clean(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(table)


def progress() -> Progress:
    """On stderr, so that what is printed can go into a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
