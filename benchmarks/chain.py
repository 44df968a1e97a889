"""One measurement of one contender: a load of notices, and how it went through the chain."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.contenders import Contender
from benchmarks.load.request import Request, Sent
from benchmarks.processes import cpu_seconds, load_average, spent


@dataclass(frozen=True)
class Chains:
    """`reached`: order -> seconds from the moment its notice was due until the warehouse accepted it."""

    sent: list[Sent]
    reached: dict[str, float]
    per_second: float
    cpu_ms: dict[str, float]
    load_average: float

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


async def run_chains(contender: Contender, count: int, *, per_second: float | None = None) -> Chains:
    """As fast as they go, or `per_second`. Raises Lost when an order is lost or comes twice."""
    notices = await contender.prepare(count)
    if per_second is not None:
        notices = paced(notices, per_second)
    await contender.house.forget()
    load, before = load_average(), cpu_seconds()
    sent = await contender.house.send(contender.port, notices)
    await contender.finished(count)
    used = spent(before, cpu_seconds(), count)
    return _chains(sent, await contender.arrived(sent), used, load)


def paced(requests: Sequence[Request], per_second: float) -> list[Request]:
    return [replace(each, due_seconds=number / per_second) for number, each in enumerate(requests)]


def _chains(sent: list[Sent], arrived: dict[str, float], used: dict[str, float], load: float) -> Chains:
    reached = {each.key: arrived[each.key] - each.due for each in sent}
    span = max(arrived[each.key] for each in sent) - min(each.due for each in sent)
    return Chains(sent, reached, len(sent) / span, used, load)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; the largest for a share of 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
