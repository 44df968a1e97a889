"""F6, F12: bursts of notices for orders that wait, and what so many waiting orders weigh in a worker."""

from benchmarks.chain import paced
from benchmarks.checks import Lost
from benchmarks.figures import Bench, Figure, Run, milliseconds
from benchmarks.load.request import Request, Sent
from benchmarks.processes import load_average, memory_mb

WEIGHED = 1_000  # the SDK keeps so many workflows in memory
BURST, BURST_PER_SECOND = 500, 50
LONG_PER_SECOND = 2_000 / 60
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
    for each in others:
        each.start()
    long = 2_000 if bench.large else 500
    notices += await _placed(bench, BURST + long - WEIGHED)
    burst = await _sent(bench, "burst", paced(notices[:BURST], BURST_PER_SECOND))
    longer = await _sent(bench, "long", paced(notices[BURST:], LONG_PER_SECOND))
    busy = max(memory_mb(each.pid) for each in bench.product.workers)
    return [_intake(burst, longer), _memory(empty, full, busy)]


async def _placed(bench: Bench, count: int) -> list[Request]:
    if count <= 0:
        return []
    bench.say(f"placing {count} orders")
    return await bench.product.prepare(count)


async def _sent(bench: Bench, name: str, notices: list[Request]) -> Run:
    """Raises Lost when an order is lost or comes twice."""
    load = load_average()
    await bench.product.begin()
    sent = await bench.house.send(bench.product.port, notices)
    bench.say(f"{name}: {len(sent)} notices acknowledged, workers drain")
    await bench.product.finished(len(sent))
    await bench.product.arrived(sent)
    seconds = [each.seconds for each in sent]
    resent = sum(each.attempts > 1 for each in sent)
    return {"load": name, "notices": len(sent), "resent": resent, "load_average": load} | _answers(sent, seconds)


def _answers(sent: list[Sent], seconds: list[float]) -> Run:
    if not sent:
        raise Lost("nothing was sent")
    return {"slowest_ms": max(seconds) * 1000, **milliseconds(seconds)}


def _intake(burst: Run, longer: Run) -> Figure:
    value = {
        "p99_ms": burst["p99_ms"],
        "slowest_burst_ms": burst["slowest_ms"],
        "slowest_long_ms": longer["slowest_ms"],
        "notices": float(burst["notices"] + longer["notices"]),
    }
    slowest = max(burst["slowest_ms"], longer["slowest_ms"])
    return Figure(
        "F6",
        "webhook acknowledged after durable acceptance",
        value,
        f"50/s: p99 <= {P99_MS} ms, each within {LIMIT_SECONDS} s while workers drain; none lost, none twice",
        value["p99_ms"] <= P99_MS and slowest <= LIMIT_SECONDS * 1000,
        [burst, longer],
        [_told(burst), _told(longer)],
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
