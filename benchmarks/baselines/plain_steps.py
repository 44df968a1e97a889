"""The steps of the plain version, one normal activity each."""

import httpx
from temporalio import activity

from benchmarks.baselines import store
from benchmarks.baselines.surroundings import DATABASE_URL, Notice, tell


class Steps:
    def __init__(self, warehouse: httpx.AsyncClient) -> None:
        self._engine = store.connect(DATABASE_URL)
        self._warehouse = warehouse

    @activity.defn
    async def verify_amount(self, notice: Notice) -> bool:
        """False: its effect is there already."""
        async with self._engine.begin() as db:
            await store.locked_order(db, notice)
            return not await store.seen_before(db, notice)

    @activity.defn
    async def update_record(self, notice: Notice) -> None:
        async with self._engine.begin() as db:
            await store.record_paid(db, await store.locked_order(db, notice), notice)

    @activity.defn
    async def push_to_warehouse(self, order_no: str) -> str:
        answer = await self._warehouse.put(
            f"/v1/outbound-orders/{order_no}",
            headers={"idempotency-key": order_no},
            json={"recipient": {}, "lines": [{"line_id": "1", "sku": "A", "quantity": store.QUANTITY}], "note": ""},
        )
        return str(answer.json()["outbound_no"])

    @activity.defn
    async def mark_pushed(self, pushed: list[str]) -> None:
        order_no, outbound_no = pushed
        async with self._engine.begin() as db:
            await store.record_push(db, order_no, outbound_no)
        tell("marked", order_no)
