"""What a scenario gives: figures with goals, and the runs they were made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.house import BenchHouse

Run = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """`met` is None where nothing was promised; `lines` are for readers of the table."""

    id: str
    title: str
    value: dict[str, float]
    goal: str
    met: bool | None
    runs: Sequence[Run]
    lines: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Bench:
    """What every scenario gets: the house, its size, and somebody to tell how far it is."""

    house: BenchHouse
    say: Callable[[str], None]
    large: bool = False
    rounds: int = 3


def spread(values: Sequence[float], unit: str = "") -> str:
    """Smallest to largest."""
    return f"{min(values):.1f} .. {max(values):.1f}{unit}"
