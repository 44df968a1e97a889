"""`python -m benchmarks.baselines.inline api PORT`: the same database work and push without durability.

All of it happens while the provider waits for its answer; a crash in between leaves a paid order that nobody pushes.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response

from benchmarks.baselines import store
from benchmarks.baselines.surroundings import DATABASE_URL, WAREHOUSE_URL, read_notice, serve, tell


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.engine = store.connect(DATABASE_URL)
    async with httpx.AsyncClient(base_url=WAREHOUSE_URL, trust_env=False) as app.state.warehouse:
        yield
    await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/alipay")
async def notice(request: Request) -> Response:
    told = read_notice(await request.body())
    async with app.state.engine.begin() as db:
        if await store.seen_before(db, told):
            return Response("success")
        await store.record_paid(db, await store.locked_order(db, told), told)
    pushed = await app.state.warehouse.put(
        f"/v1/outbound-orders/{told.order_no}",
        headers={"idempotency-key": told.order_no},
        json={"recipient": {}, "lines": [{"line_id": "1", "sku": "A", "quantity": store.QUANTITY}], "note": ""},
    )
    async with app.state.engine.begin() as db:
        await store.record_push(db, told.order_no, pushed.json()["outbound_no"])
    tell("marked", told.order_no)
    return Response("success")


if __name__ == "__main__":
    serve(app, int(sys.argv[2]))
