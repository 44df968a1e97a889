"""What a scenario gets, and what it gives: figures with goals, and the runs they were made of."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.contenders import CONTENDERS, Contender, Product
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


@dataclass
class Bench:
    """`own_rate`: chains/s of the product at saturation, once F1 was measured."""

    house: BenchHouse
    say: Callable[[str], None]
    product: Product
    large: bool = False
    own_rate: float | None = None


@asynccontextmanager
async def all_contenders(bench: Bench) -> AsyncIterator[list[Contender]]:
    """The product, which serves already, and the baselines beside it. Whoever is not measured idles."""
    baselines = [kind(bench.house) for kind in CONTENDERS if kind is not Product]
    async with AsyncExitStack() as stack:
        for each in baselines:
            await stack.enter_async_context(each.serving())
        for each in baselines:
            await each.warm_up()
        yield [bench.product, *baselines]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; the largest for a share of 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float], unit: str = "") -> str:
    """Smallest to largest."""
    return f"{min(values):.3g} .. {max(values):.3g}{unit}"


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and mean."""
    return {
        "p50_ms": percentile(seconds, 0.5) * 1000,
        "p99_ms": percentile(seconds, 0.99) * 1000,
        "mean_ms": statistics.fmean(seconds) * 1000,
    }


async def at_rest(seconds: float = 1.0) -> None:
    """Let what the last load left behind (visibility, checkpoints) not fall into the next measurement."""
    await asyncio.sleep(seconds)
