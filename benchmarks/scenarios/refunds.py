"""F5, F11: a refund with one approval, whose provider gives no clear answer and then tells by a notice.

What it costs Temporal, and how soon after the decision the provider is asked.
"""

import asyncio
import hashlib
import time

from temporalio.client import Client

from benchmarks.chain import run_chains
from benchmarks.contenders import until_count
from benchmarks.figures import Bench, Figure, milliseconds, percentile
from benchmarks.histories import Cost, cost
from cli.demo_world import SHOP
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person, Post
from domain.reference import OrderId
from domain.refund import Asking
from domain.refund_money import RefundRequest, Units
from persistence.people import save_people
from ports.clock import SystemClock
from ports.refunds import RefundAsked
from runtime.refund_desk import RefundDesk
from runtime.temporal import connect
from workflows import identity
from workflows.refund_messages import ApprovalCommand

REFUNDS, PER_SECOND = 50, 5
EVENTS, ACTIONS, P99_MS = 45, 16, 200
STAFF = (Person("fang", "Fang", (Post(FINANCE_MANAGER),)), Person("lin", "Lin", (Post(SUPPORT_SUPERVISOR),), "fang"))


async def measure(bench: Bench) -> list[Figure]:
    client = await connect(bench.house.settings())
    async with bench.house.engine.begin() as db:
        await save_people(db, STAFF, "benchmark", SystemClock().now(), seen={})
    asked = await _open(bench, RefundDesk(client))
    await bench.product.begin()
    decided = await _decide(RefundDesk(client), list(asked))
    await until_count(lambda: bench.house.passed("refund"), len(asked))
    seconds = await _seconds_until_asked(bench, asked, decided)
    notices = [bench.house.outside.refund_notice(order_no, _number(order_no, each)) for each, order_no in asked.items()]
    await bench.house.send(bench.product.port, notices)
    costs = [await _cost(client, each) for each in asked]
    return [_cost_figure(costs), _wait_figure(seconds)]


async def _open(bench: Bench, desk: RefundDesk) -> dict[str, str]:
    """Refund -> order: each of one unit that has arrived, and waiting for its signature."""
    product, outside = bench.product, bench.house.outside
    order_nos = [each.key for each in (await run_chains(product, REFUNDS, per_second=20)).sent]
    for stage, delivered in (("shipped", False), ("completed", True)):
        already = await product.at_stage(stage)
        await bench.house.send(product.port, [outside.parcel(each, delivered=delivered) for each in order_nos])
        await until_count(lambda stage=stage: product.at_stage(stage), already + REFUNDS)  # type: ignore[misc]
    asked = {hashlib.sha256(each.encode()).hexdigest()[:16]: each for each in order_nos}
    for refund_id, order_no in asked.items():
        asking = Asking(refund_id, _order(order_no), "ann", request=RefundRequest((Units("1", 1),)))
        await desk.ask(RefundAsked(asking, "damaged", ""))
    return asked


def _order(order_no: str) -> OrderId:
    return OrderId(SHOP.channel, SHOP.shop_id, order_no)


def _number(order_no: str, refund_id: str) -> str:
    return f"{SHOP.shop_id}_{order_no}_{refund_id}_1"


async def _decide(desk: RefundDesk, refunds: list[str]) -> dict[str, float]:
    """When each signature was sent, seconds since the epoch."""
    sent: dict[str, float] = {}

    async def sign(number: int, refund_id: str) -> None:
        await asyncio.sleep(number / PER_SECOND)
        sent[refund_id] = time.time()
        await desk.act(refund_id, ApprovalCommand("approve", "lin", 1, 0))

    await asyncio.gather(*(sign(number, each) for number, each in enumerate(refunds)))
    return sent


async def _seconds_until_asked(bench: Bench, asked: dict[str, str], decided: dict[str, float]) -> list[float]:
    first = (await bench.house.seen())["first"]["refund"]
    return [first[_number(order_no, each)] - decided[each] for each, order_no in asked.items()]


async def _cost(client: Client, refund_id: str) -> Cost:
    handle = client.get_workflow_handle(identity.refund_workflow_id(refund_id))
    await handle.result()
    return cost((await handle.fetch_history()).events)


def _cost_figure(costs: list[Cost]) -> Figure:
    dearest = max(costs, key=lambda each: (each.events, each.actions))
    value = {"events": float(dearest.events), "actions": float(dearest.actions), "tasks": float(dearest.workflow_tasks)}
    met = dearest.events <= EVENTS and dearest.actions <= ACTIONS
    goal = f"<= {EVENTS} events, {ACTIONS} Actions"
    return Figure("F5", "Temporal cost of a refund with one approval and a provider notice", value, goal, met, [])


def _wait_figure(seconds: list[float]) -> Figure:
    value = milliseconds(seconds)
    met = percentile(seconds, 0.99) * 1000 <= P99_MS
    title = f"approval decided -> provider asked for the refund, {PER_SECOND}/s"
    return Figure("F11", title, value, f"p99 <= {P99_MS} ms", met, [{"refunds": len(seconds)}])
