"""`python -m benchmarks.baselines.plain api PORT | worker`: the straightforward version on Temporal.

The notice starts a workflow; each step is one normal activity; everything else is as the SDK has it by default.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from temporalio.client import Client
from temporalio.worker import Worker

from benchmarks.baselines.plain_order import PlainOrder
from benchmarks.baselines.plain_steps import Steps
from benchmarks.baselines.surroundings import TEMPORAL_ADDRESS, WAREHOUSE_URL, read_notice, serve

QUEUE = "bench-plain"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.temporal = await Client.connect(TEMPORAL_ADDRESS)
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/alipay")
async def notice(request: Request) -> Response:
    told = read_notice(await request.body())
    await app.state.temporal.start_workflow(PlainOrder.run, told, id=f"plain/{told.order_no}", task_queue=QUEUE)
    return Response("success")


async def work() -> None:
    async with httpx.AsyncClient(base_url=WAREHOUSE_URL, trust_env=False) as warehouse:
        steps = Steps(warehouse)
        worker = Worker(
            await Client.connect(TEMPORAL_ADDRESS),
            task_queue=QUEUE,
            workflows=[PlainOrder],
            activities=[steps.verify_amount, steps.update_record, steps.push_to_warehouse, steps.mark_pushed],
        )
        await worker.run()


if __name__ == "__main__":
    if sys.argv[1] == "api":
        serve(app, int(sys.argv[2]))
    else:
        asyncio.run(work())
