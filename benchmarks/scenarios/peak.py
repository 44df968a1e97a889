"""F13: a peak. Half of F1's own rate, a burst at twice it, and a worker killed with SIGKILL on the way."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from benchmarks.chain import run_chains
from benchmarks.figures import Bench, Figure, Run, milliseconds
from benchmarks.load.request import Request, Sent
from benchmarks.processes import load_average
from benchmarks.scenarios.pace import seconds_until_recorded

MEAN_MS, SHARE, WITHIN_SECONDS = 800, 0.997, 5.0
STARTED_AGAIN_AFTER_SECONDS = 1.0
AFTERMATH_SECONDS = 15.0  # a step that a dead worker held is tried again after that at the latest
RATE_ORDERS = 100


@dataclass(frozen=True)
class Shape:
    """Seconds of each part; the worker dies in the middle of the first calm."""

    calm: float
    burst: float
    rest: float

    @property
    def kill_at(self) -> float:
        return self.calm / 2

    def due(self, rate: float) -> list[float]:
        """`rate`, then twice it, then `rate` again."""
        parts = ((0.0, self.calm, rate), (self.calm, self.burst, 2 * rate), (self.calm + self.burst, self.rest, rate))
        return [begin + n / each for begin, seconds, each in parts for n in range(int(seconds * each))]

    def cause(self, due: float) -> str:
        """Why an order of that moment may be late."""
        if self.kill_at - 1 <= due <= self.kill_at + AFTERMATH_SECONDS:
            return "worker killed"
        return "burst" if due >= self.calm else "other"


SHORT, LONG = Shape(calm=28, burst=10, rest=17), Shape(calm=400, burst=30, rest=200)


async def measure(bench: Bench) -> list[Figure]:
    shape = LONG if bench.large else SHORT
    own = bench.own_rate or (await run_chains(bench.product, RATE_ORDERS)).per_second
    due = shape.due(own / 2)
    bench.say(f"placing {len(due)} orders; F1's own rate is {own:.1f}/s")
    notices = await bench.product.prepare(len(due))
    notices = [replace(each, due_seconds=at) for each, at in zip(notices, due, strict=True)]
    load = load_average()
    sent = await _with_a_kill(bench, shape, notices)
    arrived = await bench.product.arrived(sent)
    begin = min(each.due for each in sent)
    reached = {each.key: arrived[each.key] - each.due for each in sent}
    late = [
        {"order": each.key, "seconds": reached[each.key], "cause": shape.cause(each.due - begin)}
        for each in sent
        if reached[each.key] > WITHIN_SECONDS
    ]
    recorded = await seconds_until_recorded(bench.house, sent)
    return [_figure(own, shape, list(reached.values()), recorded, late, load)]


async def _with_a_kill(bench: Bench, shape: Shape, notices: list[Request]) -> list[Sent]:
    await bench.product.begin()
    sending = asyncio.create_task(bench.house.send(bench.product.port, notices))
    await asyncio.sleep(shape.kill_at)
    victim = bench.product.workers[-1]
    await victim.kill()
    bench.say("worker killed with SIGKILL")
    await asyncio.sleep(STARTED_AGAIN_AFTER_SECONDS)
    victim.start()
    sent = await sending
    await bench.product.finished(len(sent))
    return sent


def _figure(
    own: float, shape: Shape, reached: list[float], recorded: list[float], late: list[Run], load: float
) -> Figure:
    share = 1 - len(late) / len(reached)
    value = {
        "recorded_mean_ms": milliseconds(recorded)["mean_ms"],
        "share_within_5_s": share,
        "slowest_s": max(reached),
        "orders": float(len(reached)),
        "late": float(len(late)),
    }
    causes = Counter(each["cause"] for each in late)
    run = {"own_rate": own, "load_average": load, "late": late, "shape": [shape.calm, shape.burst, shape.rest]}
    return Figure(
        "F13",
        f"peak of {shape.calm + shape.burst + shape.rest:.0f} s at half of F1's own rate, "
        f"{shape.burst:.0f} s at twice that, one worker killed",
        value,
        f"mean notice -> recorded <= {MEAN_MS} ms; >= {SHARE:.1%} at the warehouse within {WITHIN_SECONDS:.0f} s",
        value["recorded_mean_ms"] <= MEAN_MS and share >= SHARE,
        [run | milliseconds(reached)],
        [f"late: {count} ({cause})" for cause, count in causes.items()],
    )
