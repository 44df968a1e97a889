"""How often each cell of the fault matrix was hit while money or a push was in flight."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from drill.virtual.matrix import CELLS, POINTS, Cell, Fault, Point

Hits = Counter[Cell]
FAULTS = tuple(str(fault) for fault in Fault)


def empty(hits: Hits) -> list[Cell]:
    return [cell for cell in CELLS if not hits[cell]]


def rows(hits: Hits) -> Iterable[tuple[Point, list[int]]]:
    return ((point, [hits[Cell(point, fault)] for fault in Fault]) for point in POINTS)


def show(hits: Hits, console: Console) -> None:
    table = Table("killed or cut at", *FAULTS, title="Hits while money or a push was in flight")
    component = None
    for point, counts in rows(hits):
        if component not in (None, point.component):
            table.add_section()
        component = point.component
        table.add_row(str(point), *(str(count) if count else "[bold red]0[/]" for count in counts))
    console.print(table)


def markdown(hits: Hits) -> list[str]:
    head = ["| killed or cut at |" + "".join(f" {fault} |" for fault in FAULTS), "| --- |" + " ---: |" * len(FAULTS)]
    return head + [f"| {point} |" + "".join(f" {count} |" for count in counts) for point, counts in rows(hits)]
