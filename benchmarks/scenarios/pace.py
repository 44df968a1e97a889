"""F3: the same chain at ten orders a second; how long one takes."""

from sqlalchemy import text

from benchmarks.chain import run_chains
from benchmarks.figures import Bench, Figure, Run, all_contenders, at_rest, median, milliseconds, spread
from benchmarks.house import BenchHouse
from benchmarks.load.request import Sent

PER_SECOND, ROUNDS = 10, 2
ORDERS = {"product": 100, "floor": 50, "plain": 50, "inline": 50}
P50_MS, P99_MS, MEAN_MS = 60, 200, 800


async def measure(bench: Bench) -> list[Figure]:
    runs: list[Run] = []
    async with all_contenders(bench) as contenders:
        for number in range(1, ROUNDS + 1):
            for each in contenders:
                await at_rest()
                chains = await run_chains(each, ORDERS[each.name], per_second=PER_SECOND)
                run = {"round": number, "contender": each.name, "load_average": chains.load_average}
                run |= milliseconds(list(chains.reached.values()))
                if each is bench.product:
                    recorded = await seconds_until_recorded(bench.house, chains.sent)
                    run["recorded_mean_ms"] = milliseconds(recorded)["mean_ms"]
                runs.append(run)
                bench.say(
                    f"round {number} of {ROUNDS}: {each.name} p50 {run['p50_ms']:.0f} ms, p99 {run['p99_ms']:.0f} ms"
                )
    return [_figure(runs)]


async def seconds_until_recorded(house: BenchHouse, sent: list[Sent]) -> list[float]:
    """From the moment a notice was due until its payment was in the record."""
    query = text("select order_id, recorded_at from payments where order_id = any(:ids)")
    due = {f"shop/tea/{each.key}": each.due for each in sent}
    async with house.engine.connect() as db:
        rows = (await db.execute(query, {"ids": list(due)})).all()
    return [row.recorded_at.timestamp() - due[row.order_id] for row in rows]


def _figure(runs: list[Run]) -> Figure:
    ours = [run for run in runs if run["contender"] == "product"]
    value = {name: median([run[name] for run in ours]) for name in ("p50_ms", "p99_ms", "mean_ms", "recorded_mean_ms")}
    return Figure(
        "F3",
        f"the same chain at {PER_SECOND}/s",
        value,
        f"mean <= {MEAN_MS} ms by far: p50 <= {P50_MS} ms, p99 <= {P99_MS} ms",
        value["p50_ms"] <= P50_MS and value["p99_ms"] <= P99_MS and value["recorded_mean_ms"] <= MEAN_MS,
        runs,
        [f"{name}: {_told(runs, name)}" for name in ORDERS],
    )


def _told(runs: list[Run], name: str) -> str:
    parts = []
    for what in ("p50_ms", "p99_ms", "mean_ms"):
        values = [run[what] for run in runs if run["contender"] == name]
        parts.append(f"{what.removesuffix('_ms')} {median(values):.0f} ms (spread {spread(values)})")
    return ", ".join(parts)
