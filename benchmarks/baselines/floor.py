"""`python -m benchmarks.baselines.floor api PORT | worker`: what Temporal itself costs for the product's sequence.

Same messages, commands and workflow tasks, same queues and options, nothing in the bodies: no verification, no record,
no encryption, no call to the warehouse.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.worker import Worker

from benchmarks.baselines import floor_steps
from benchmarks.baselines.floor_order import NEEDS_ATTENTION, STAGE, WAREHOUSE_QUEUE, FloorOrder
from benchmarks.baselines.surroundings import TEMPORAL_ADDRESS, serve

QUEUE = "bench-floor"
PAYMENTS_QUEUE = "bench-floor-payments"
SHOWN = TypedSearchAttributes(
    [
        SearchAttributePair(SearchAttributeKey.for_keyword("LockstepChannel"), "shop"),
        SearchAttributePair(SearchAttributeKey.for_keyword("LockstepShop"), "tea"),
        SearchAttributePair(STAGE, "awaiting_payment"),
        SearchAttributePair(NEEDS_ATTENTION, value=False),
    ]
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.temporal = await Client.connect(TEMPORAL_ADDRESS)
    yield


app = FastAPI(lifespan=lifespan)


async def _tell(order_no: str, signal: str, **options: str) -> Response:
    await app.state.temporal.start_workflow(
        FloorOrder.run,
        order_no,
        id=f"floor/{order_no}",
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=signal,
        start_signal_args=[order_no],
        search_attributes=SHOWN,
        **options,
    )
    return Response("success")


@app.post("/orders/{order_no}")
async def order(order_no: str) -> Response:
    return await _tell(order_no, "order_placed", static_summary=order_no)


@app.post("/webhooks/alipay/{order_no}")
async def notice(order_no: str) -> Response:
    return await _tell(order_no, "payment_settled")


async def work() -> None:
    client = await Client.connect(TEMPORAL_ADDRESS)
    workers = (
        Worker(
            client,
            task_queue=QUEUE,
            workflows=[FloorOrder],
            activities=floor_steps.RECORD,
            no_remote_activities=True,
        ),
        Worker(client, task_queue=PAYMENTS_QUEUE, activities=[floor_steps.push]),
        Worker(client, task_queue=WAREHOUSE_QUEUE, activities=[floor_steps.push]),
    )
    await asyncio.gather(*(worker.run() for worker in workers))


if __name__ == "__main__":
    if sys.argv[1] == "api":
        serve(app, int(sys.argv[2]))
    else:
        asyncio.run(work())
