"""Calls to the warehouse: outside calls.

The recipient is read from the record here, so that personal data never goes through Temporal.
"""

from collections.abc import Callable, Sequence

from temporalio import activity

from ports.records import OrderRecords, OrderStep
from ports.warehouse import ExpectedReturn, PushAnswer, StopAnswer, Warehouse


class WarehouseActivities:
    def __init__(self, warehouse: Warehouse, records: OrderRecords) -> None:
        self._warehouse = warehouse
        self._records = records

    @activity.defn(name="warehouse.push")
    async def push(self, step: OrderStep) -> PushAnswer:
        return await self._warehouse.push(await self._records.push_request(step))

    @activity.defn(name="warehouse.stop")
    async def stop(self, step: OrderStep) -> StopAnswer:
        return await self._warehouse.stop(step.order_id.warehouse_reference(step.outbound), step.transaction_id)

    @activity.defn(name="warehouse.expect_return")
    async def expect_return(self, request: ExpectedReturn) -> None:
        await self._warehouse.expect_return(request)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (
            self.push,
            self.stop,
            self.expect_return,
        )
