"""F8: one worker process, then two, each with a share of a core, so that the worker is the limit."""

from benchmarks.chain import Chains, send_through
from benchmarks.figures import Bench, Figure, at_rest
from benchmarks.quota import limited

ORDERS_PER_WORKER = 60
SHARE_OF_A_CORE = 0.2
TIMES = 1.6


async def measure(bench: Bench) -> list[Figure]:
    two = bench.product.workers[1]
    await two.stop()
    alone = await _limited(bench, 1)
    two.start()
    both = await _limited(bench, 2)
    value = {"times": both.per_second / alone.per_second, "one_per_second": alone.per_second}
    return [
        Figure(
            "F8",
            "1 -> 2 worker processes where the worker is the limit",
            value,
            f">= {TIMES} x",
            value["times"] >= TIMES,
            [
                {"workers": count, "per_second": each.per_second, "load_average": each.load_average}
                for count, each in ((1, alone), (2, both))
            ],
            [f"each worker has {SHARE_OF_A_CORE:.0%} of a core: {alone.per_second:.1f}/s, {both.per_second:.1f}/s"],
        )
    ]


async def _limited(bench: Bench, workers: int) -> Chains:
    await bench.product.warm_up()
    notices = await bench.product.prepare(ORDERS_PER_WORKER * workers)
    await at_rest()
    pids = [each.pid for each in bench.product.workers[:workers]]
    async with limited(pids, SHARE_OF_A_CORE):
        chains = await send_through(bench.product, notices)
    bench.say(f"{workers} workers: {chains.per_second:.1f}/s")
    return chains
