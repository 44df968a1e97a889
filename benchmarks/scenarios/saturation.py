"""F1, F2: all notices at once, the product and its baselines in turn, several rounds."""

from benchmarks.chain import Chains, median, run_chains
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import Bench, Figure, Run, spread

ORDERS = {"product": 150, "floor": 150, "plain": 150, "inline": 600}
WORKERS = 1
FLOOR_SHARE, TIMES_PLAIN, CPU_TIMES_FLOOR = 0.6, 2.5, 1.7


async def measure(bench: Bench) -> list[Figure]:
    runs = [run for number in range(1, bench.rounds + 1) for run in await _round(bench, number)]
    return [_throughput(runs), _cpu(runs)]


async def _round(bench: Bench, number: int) -> list[Run]:
    runs = []
    for kind in CONTENDERS:
        contender = kind(bench.house)
        async with contender.serving(WORKERS):
            chains = await run_chains(contender, ORDERS[kind.name])
        runs.append(_run(number, kind.name, chains))
        bench.say(f"round {number}: {kind.name} {chains.per_second:.1f}/s, {chains.total_cpu_ms:.0f} ms CPU per order")
    return runs


def _run(number: int, name: str, chains: Chains) -> Run:
    return {
        "round": number,
        "contender": name,
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
            *(f"{kind.name}: {_told(_of(runs, kind.name, 'per_second'), '/s')}" for kind in CONTENDERS),
            f"share of floor by round {spread(to_floor)}, times plain {spread(to_plain)}",
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
            f"{kind.name}: {_told(_of(runs, kind.name, 'cpu_ms'), ' ms')}; {_parts(runs, kind.name)}"
            for kind in CONTENDERS
        ],
    )


def _told(values: list[float], unit: str) -> str:
    return f"{median(values):.1f}{unit} (spread {spread(values)}, {len(values)} rounds)"


def _parts(runs: list[Run], name: str) -> str:
    by_part = [run["cpu_ms_by_part"] for run in runs if run["contender"] == name]
    medians = {part: median([each.get(part, 0.0) for each in by_part]) for part in sorted(by_part[0])}
    return ", ".join(f"{part} {value:.1f}" for part, value in medians.items())
