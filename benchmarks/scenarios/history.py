"""F4: what an order costs Temporal, from start to pushed and to completed; and what its steps cost Postgres."""

from benchmarks.chain import run_chains
from benchmarks.contenders import order_numbers, until_count
from benchmarks.figures import Bench, Figure
from benchmarks.histories import Cost, before_signal, cost
from benchmarks.statements import statements_by_step
from runtime.temporal import connect

ORDERS = 5
PUSHED_EVENTS, PUSHED_ACTIONS, COMPLETED_EVENTS, COMPLETED_ACTIONS = 26, 11, 50, 22


async def measure(bench: Bench) -> list[Figure]:
    product, outside = bench.product, bench.house.outside
    chains = await run_chains(product, ORDERS, per_second=5)
    order_nos = [each.key for each in chains.sent]
    for stage, delivered in (("shipped", False), ("completed", True)):
        already = await product.at_stage(stage)
        await bench.house.send(product.port, [outside.parcel(each, delivered=delivered) for each in order_nos])
        await until_count(lambda stage=stage: product.at_stage(stage), already + ORDERS)  # type: ignore[misc]
    client = await connect(bench.house.settings())
    pushed, completed = [], []
    for each in order_nos:
        handle = client.get_workflow_handle(f"order/shop/tea/{each}")
        await handle.result()
        events = (await handle.fetch_history()).events
        pushed.append(cost(before_signal(events, "parcel_reported")))
        completed.append(cost(events))
    statements = await statements_by_step(bench.house, order_numbers(1)[0])
    return [_figure(_most(pushed), _most(completed), statements)]


def _most(costs: list[Cost]) -> Cost:
    """The dearest order counts."""
    return max(costs, key=lambda each: (each.events, each.actions))


def _figure(pushed: Cost, completed: Cost, statements: dict[str, int]) -> Figure:
    value = {
        "pushed_events": pushed.events,
        "pushed_actions": pushed.actions,
        "pushed_workflow_tasks": pushed.workflow_tasks,
        "completed_events": completed.events,
        "completed_actions": completed.actions,
        "completed_workflow_tasks": completed.workflow_tasks,
        "statements": sum(statements.values()),
    }
    to_pushed = pushed.events <= PUSHED_EVENTS and pushed.actions <= PUSHED_ACTIONS
    to_completed = completed.events <= COMPLETED_EVENTS and completed.actions <= COMPLETED_ACTIONS
    return Figure(
        "F4",
        "Temporal cost of an order",
        {name: float(number) for name, number in value.items()},
        f"to pushed <= {PUSHED_EVENTS} events, {PUSHED_ACTIONS} Actions; "
        f"to completed <= {COMPLETED_EVENTS}, {COMPLETED_ACTIONS}",
        to_pushed and to_completed,
        [{"statements_by_step": statements}],
        [f"SQL statements: {', '.join(f'{step} {count}' for step, count in statements.items())}"],
    )
