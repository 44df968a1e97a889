"""The floor's workflow: the product's own messages, commands and workflow tasks, from start to pushed, and no bodies.

A test compares its history with the product's, event by event. Where the product has become cheaper, this follows.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.workflow import LocalActivityConfig

with workflow.unsafe.imports_passed_through():
    from benchmarks.baselines import floor_steps

WAREHOUSE_QUEUE = "bench-floor-warehouse"
STAGE = SearchAttributeKey.for_keyword("LockstepStage")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("LockstepNeedsAttention")
LOCAL = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=3),
    local_retry_threshold=timedelta(seconds=3),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=60)),
)


@workflow.defn(name="FloorOrder")
class FloorOrder:
    def __init__(self) -> None:
        self._placed = False
        self._paid = False
        self._shipped = False

    @workflow.run
    async def run(self, order_no: str) -> None:
        await workflow.wait_condition(lambda: self._placed)
        await workflow.execute_local_activity(floor_steps.place, order_no, **LOCAL)
        await self._until_paid()
        await workflow.execute_local_activity(floor_steps.record_payment, order_no, **LOCAL)
        await workflow.execute_activity(
            floor_steps.push,
            order_no,
            task_queue=WAREHOUSE_QUEUE,
            start_to_close_timeout=timedelta(seconds=15),
            schedule_to_close_timeout=timedelta(hours=2),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1),
                backoff_coefficient=4,
                maximum_interval=timedelta(minutes=10),
            ),
        )
        await workflow.execute_local_activity(floor_steps.record_push, order_no, **LOCAL)
        workflow.upsert_search_attributes([STAGE.value_set("at_warehouse"), NEEDS_ATTENTION.value_set(False)])
        await workflow.wait_condition(lambda: self._shipped)

    async def _until_paid(self) -> None:
        try:
            await workflow.wait_condition(lambda: self._paid, timeout=timedelta(hours=1), timeout_summary="1.2 payment")
        except asyncio.TimeoutError:  # noqa: UP041 - the SDK names it so
            raise workflow.ContinueAsNewError from None

    @workflow.signal
    def order_placed(self, _: str) -> None:
        self._placed = True

    @workflow.signal
    def payment_settled(self, _: str) -> None:
        self._paid = True

    @workflow.signal
    def parcel_reported(self, _: str) -> None:
        self._shipped = True
