"""F1, F2: always enough notices under way, the product and its baselines in turn, several rounds."""

from benchmarks.chain import Chains, run_chains
from benchmarks.figures import Bench, Figure, Run, all_contenders, at_rest, median, spread

ROUNDS = 3
ORDERS = {"product": 200, "floor": 200, "plain": 100, "inline": 400}
# On their way at once: nobody idles, and no task gives up waiting for the worker that knows its order (STICKY).
AT_ONCE = 48
FLOOR_SHARE, TIMES_PLAIN, CPU_TIMES_FLOOR = 0.6, 2.5, 1.7


async def measure(bench: Bench) -> list[Figure]:
    runs = []
    async with all_contenders(bench) as contenders:
        for number in range(1, ROUNDS + 1):
            for each in contenders:
                await at_rest()
                chains = await run_chains(each, ORDERS[each.name], at_once=AT_ONCE)
                runs.append(_run(number, each.name, chains))
                bench.say(
                    f"round {number} of {ROUNDS}: {each.name} {chains.per_second:.1f}/s, "
                    f"{chains.total_cpu_ms:.0f} ms CPU per order"
                )
    throughput = _throughput(runs)
    bench.own_rate = throughput.value["per_second"]
    return [throughput, _cpu(runs)]


def _run(number: int, name: str, chains: Chains) -> Run:
    return {
        "round": number,
        "contender": name,
        "orders": len(chains.sent),
        "per_second": chains.per_second,
        "cpu_ms": chains.total_cpu_ms,
        "cpu_ms_by_part": chains.cpu_ms,
        "load_average": chains.load_average,
    }


def _of(runs: list[Run], name: str, what: str) -> list[float]:
    return [run[what] for run in runs if run["contender"] == name]


def _ratios(runs: list[Run], what: str, other: str) -> list[float]:
    """Round by round: what disturbs the machine disturbs both."""
    return [ours / theirs for ours, theirs in zip(_of(runs, "product", what), _of(runs, other, what), strict=True)]


def _throughput(runs: list[Run]) -> Figure:
    to_floor, to_plain = _ratios(runs, "per_second", "floor"), _ratios(runs, "per_second", "plain")
    value = {
        "per_second": median(_of(runs, "product", "per_second")),
        "share_of_floor": median(to_floor),
        "times_plain": median(to_plain),
        "share_of_inline": median(_ratios(runs, "per_second", "inline")),
    }
    return Figure(
        "F1",
        "paid notice to warehouse accepted, chains/s at saturation",
        value,
        f">= {FLOOR_SHARE} x floor and >= {TIMES_PLAIN} x plain",
        value["share_of_floor"] >= FLOOR_SHARE and value["times_plain"] >= TIMES_PLAIN,
        runs,
        [
            *(f"{name}: {_told(_of(runs, name, 'per_second'), '/s')}" for name in ORDERS),
            f"round by round: share of floor {spread(to_floor)}, times plain {spread(to_plain)}",
        ],
    )


def _cpu(runs: list[Run]) -> Figure:
    to_floor = _ratios(runs, "cpu_ms", "floor")
    value = {
        "cpu_ms": median(_of(runs, "product", "cpu_ms")),
        "times_floor": median(to_floor),
        "times_plain": median(_ratios(runs, "cpu_ms", "plain")),
    }
    return Figure(
        "F2",
        "CPU ms per order, all processes",
        value,
        f"<= {CPU_TIMES_FLOOR} x floor",
        value["times_floor"] <= CPU_TIMES_FLOOR,
        runs,
        [
            *(f"{name}: {_told(_of(runs, name, 'cpu_ms'), ' ms')}; {_parts(runs, name)}" for name in ORDERS),
            f"round by round: times floor {spread(to_floor)}",
        ],
    )


def _told(values: list[float], unit: str) -> str:
    return f"median {median(values):.1f}{unit} (spread {spread(values)}, {len(values)} rounds)"


def _parts(runs: list[Run], name: str) -> str:
    by_part = [run["cpu_ms_by_part"] for run in runs if run["contender"] == name]
    return ", ".join(f"{part} {median([each.get(part, 0.0) for each in by_part]):.1f}" for part in by_part[0])
