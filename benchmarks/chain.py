"""One measurement of one contender: a load of notices, and how it went through the chain."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.contenders import Contender
from benchmarks.load.request import Request, Sent
from benchmarks.processes import cpu_seconds, load_average, spent


@dataclass(frozen=True)
class Chains:
    """`reached`: order -> seconds from the moment its notice was due until the warehouse accepted it.

    `per_second`: until each chain was over, with the mark in the record. What a queue puts off would not count else:
    with all notices there at once, every push goes before the first mark.
    """

    sent: list[Sent]
    reached: dict[str, float]
    per_second: float
    cpu_ms: dict[str, float]
    load_average: float

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


async def run_chains(contender: Contender, count: int, *, per_second: float | None = None, at_once: int = 0) -> Chains:
    """As fast as they go, `at_once` on their way to the warehouse, or `per_second`.

    Raises Lost when an order is lost or comes twice.
    """
    notices = await contender.prepare(count)
    return await send_through(contender, notices if per_second is None else paced(notices, per_second), at_once)


async def send_through(contender: Contender, notices: Sequence[Request], at_once: int = 0) -> Chains:
    """Notices of orders that wait for them. Raises Lost."""
    await contender.begin()
    pids = [child.pid for child in contender.processes]
    load, before = load_average(), cpu_seconds(pids)
    sent = await contender.house.send(contender.port, notices, at_once=at_once)
    await contender.finished(len(notices))
    over = time.time()
    used = spent(before, cpu_seconds(pids), len(notices))
    arrived = await contender.arrived(sent)
    reached = {each.key: arrived[each.key] - each.due for each in sent}
    return Chains(sent, reached, len(sent) / (over - min(each.due for each in sent)), used, load)


def paced(requests: Sequence[Request], per_second: float, begin_seconds: float = 0.0) -> list[Request]:
    """Evenly spaced."""
    return [replace(each, due_seconds=begin_seconds + n / per_second) for n, each in enumerate(requests)]
