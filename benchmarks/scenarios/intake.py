"""F6, F12: bursts of notices for orders that wait, and what so many waiting orders weigh in a worker.

What acceptance costs by itself is measured while the workers are away: on two cores they would take the machine, and a
notice must be safe without them. How long it takes beside them is measured by itself.
"""

from benchmarks.chain import paced
from benchmarks.checks import Lost
from benchmarks.figures import Bench, Figure, Run, milliseconds
from benchmarks.load.request import Request, Sent
from benchmarks.processes import load_average, memory_mb

WEIGHED = 1_000  # the SDK keeps so many workflows in memory
STEADY = BURST = 500
PER_SECOND = 50
LONG, LONG_PER_SECOND = 2_000, 2_000 / 60
P99_MS, LIMIT_SECONDS, LARGEST_MB = 50, 5, 500


async def measure(bench: Bench) -> list[Figure]:
    one, *others = bench.product.workers
    for each in (one, *others):
        await each.stop()
    one.start()
    await bench.product.warm_up()
    empty = memory_mb(one.pid)
    notices = await _placed(bench, WEIGHED)
    full = memory_mb(one.pid)
    await one.stop()
    steady = await _sent(bench, "steady", paced(notices[:STEADY], PER_SECOND), away=True)
    burst = await _sent(bench, "burst", paced(notices[STEADY:], PER_SECOND))
    busy = [burst]
    if bench.large:
        busy.append(await _sent(bench, "long", paced(await _placed(bench, LONG), LONG_PER_SECOND)))
    largest = max(memory_mb(each.pid) for each in bench.product.workers)
    return [_intake(steady, busy), _memory(empty, full, largest)]


async def _placed(bench: Bench, count: int) -> list[Request]:
    if count <= 0:
        return []
    bench.say(f"placing {count} orders")
    return await bench.product.prepare(count)


async def _sent(bench: Bench, name: str, notices: list[Request], *, away: bool = False) -> Run:
    """With the workers `away` until all is acknowledged, or beside them. Raises Lost when one is lost or doubled."""
    load = load_average()
    await bench.product.begin()
    sent = await bench.house.send(bench.product.port, notices)
    bench.say(f"{name}: {len(sent)} notices acknowledged, workers {'come back' if away else 'drain'}")
    for each in bench.product.workers if away else ():
        each.start()
    await bench.product.finished(len(sent))
    await bench.product.arrived(sent)
    seconds = [each.seconds for each in sent]
    resent = sum(each.attempts > 1 for each in sent)
    return {"load": name, "notices": len(sent), "resent": resent, "load_average": load} | _answers(sent, seconds)


def _answers(sent: list[Sent], seconds: list[float]) -> Run:
    if not sent:
        raise Lost("nothing was sent")
    return {"slowest_ms": max(seconds) * 1000, **milliseconds(seconds)}


def _intake(steady: Run, busy: list[Run]) -> Figure:
    runs = [steady, *busy]
    slowest = max(each["slowest_ms"] for each in busy)
    value = {
        "p99_ms": steady["p99_ms"],
        "slowest_while_draining_ms": slowest,
        "notices": float(sum(each["notices"] for each in runs)),
    }
    return Figure(
        "F6",
        "webhook acknowledged after durable acceptance",
        value,
        f"50/s: p99 <= {P99_MS} ms; each within {LIMIT_SECONDS} s while workers drain; none lost, none twice",
        value["p99_ms"] <= P99_MS and slowest <= LIMIT_SECONDS * 1000,
        runs,
        [_told(each) for each in runs],
    )


def _told(run: Run) -> str:
    return (
        f"{run['load']}: {run['notices']} notices, p50 {run['p50_ms']:.0f} ms, p99 {run['p99_ms']:.0f} ms, "
        f"slowest {run['slowest_ms']:.0f} ms, sent again {run['resent']}; none lost, none twice"
    )


def _memory(empty: float, full: float, busy: float) -> Figure:
    value = {"mb_per_1000_open": full - empty, "largest_worker_mb": busy}
    return Figure(
        "F12",
        "memory per 1,000 open workflows in a worker",
        value,
        f"reported; a worker stays under {LARGEST_MB} MB",
        busy < LARGEST_MB,
        [{"empty_mb": empty, "with_1000_open_mb": full, "busy_mb": busy}],
    )
