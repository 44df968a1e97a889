"""F7: a customer asks where the order is, with a small record and with a large one."""

import itertools
import json
from http import HTTPStatus

from api.tracking_links import proof
from benchmarks.chain import paced, run_chains
from benchmarks.checks import Lost
from benchmarks.contenders import until_count
from benchmarks.figures import Bench, Figure, Run, at_rest, milliseconds
from benchmarks.filling import PREFIX, fill
from benchmarks.load.request import Request
from benchmarks.processes import load_average
from domain.reference import OrderId
from runtime.config import Settings

SMALL, LARGE_HERE, LARGE = 1_000, 10_000, 100_000
OPEN_ORDERS, ASKED, PER_SECOND = 50, 300, 30
RECORD_P99_MS, WORKFLOW_P99_MS, GROWTH = 30, 60, 1.3


async def measure(bench: Bench) -> list[Figure]:
    template = await _finished_order(bench)
    waiting = [each.key for each in await bench.product.prepare(OPEN_ORDERS)]
    large = LARGE if bench.large else LARGE_HERE
    runs, filled = [], 0
    for size in (SMALL, large):
        bench.say(f"filling the record up to {size:,} orders")
        await fill(bench.house.engine, template, filled + 1, size)
        filled = size
        spaced = [f"{PREFIX}{1 + n * (size - 1) // ASKED}" for n in range(ASKED)]
        await at_rest(3)
        runs.append(await _asked(bench, "record", size, spaced))
        runs.append(await _asked(bench, "workflow", size, list(itertools.islice(itertools.cycle(waiting), ASKED))))
    return [_figure(runs, large)]


async def _finished_order(bench: Bench) -> str:
    """The number of an order that went its whole way."""
    product, outside = bench.product, bench.house.outside
    order_no = (await run_chains(product, 1)).sent[0].key
    already = await product.at_stage("completed")
    for delivered in (False, True):
        await bench.house.send(product.port, [outside.parcel(order_no, delivered=delivered)])
    await until_count(lambda: product.at_stage("completed"), already + 1)
    return order_no


async def _asked(bench: Bench, source: str, size: int, order_nos: list[str]) -> Run:
    """The same questions twice: the first time warms up. Raises Lost when an answer comes from elsewhere."""
    settings = bench.house.settings()
    questions = [_question(settings, each) for each in order_nos]
    await bench.house.send(bench.product.port, paced(questions[:PER_SECOND], PER_SECOND))
    load = load_average()
    sent = await bench.house.send(bench.product.port, paced(questions, PER_SECOND))
    wrong = [each for each in sent if each.status != HTTPStatus.OK]
    if wrong:
        raise Lost(f"{len(wrong)} questions were not answered, the first with {wrong[0].status}")
    elsewhere = sum(json.loads(each.answer)["source"] != source for each in sent)
    run = {"source": source, "orders": size, "answers_from_elsewhere": elsewhere, "load_average": load}
    run |= milliseconds([each.seconds for each in sent])
    bench.say(f"{size:,} orders, from the {source}: p50 {run['p50_ms']:.0f} ms, p99 {run['p99_ms']:.0f} ms")
    return run


def _question(settings: Settings, order_no: str) -> Request:
    secret = proof(settings, OrderId("shop", "tea", order_no))
    return Request(order_no, "GET", f"/track/{order_no}.json?shop=tea&proof={secret}", {})


def _figure(runs: list[Run], large: int) -> Figure:
    found = {(run["source"], run["orders"]): run for run in runs}
    record, workflow = found["record", large], found["workflow", large]
    growth = max(found[source, large]["p50_ms"] / found[source, SMALL]["p50_ms"] for source in ("record", "workflow"))
    value = {"record_p99_ms": record["p99_ms"], "workflow_p99_ms": workflow["p99_ms"], "growth": growth}
    return Figure(
        "F7",
        f"customer progress answer with {large:,} orders in the record",
        value,
        f"p99 <= {RECORD_P99_MS} ms from the record, <= {WORKFLOW_P99_MS} ms from the workflow; "
        f"growth of the median from {SMALL:,} orders <= {GROWTH} x",
        record["p99_ms"] <= RECORD_P99_MS and workflow["p99_ms"] <= WORKFLOW_P99_MS and growth <= GROWTH,
        runs,
        [
            f"{run['orders']:,} orders, from the {run['source']}: p50 {run['p50_ms']:.1f} ms, "
            f"p99 {run['p99_ms']:.1f} ms, from elsewhere {run['answers_from_elsewhere']}"
            for run in runs
        ],
    )
