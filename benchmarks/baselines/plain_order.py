"""The plain version's workflow: one normal activity per step, options as anybody would write them first."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from benchmarks.baselines.plain_steps import Steps
    from benchmarks.baselines.surroundings import Notice

LIMIT = timedelta(seconds=10)


@workflow.defn
class PlainOrder:
    @workflow.run
    async def run(self, notice: Notice) -> None:
        if not await workflow.execute_activity_method(Steps.verify_amount, notice, start_to_close_timeout=LIMIT):
            return
        await workflow.execute_activity_method(Steps.update_record, notice, start_to_close_timeout=LIMIT)
        outbound_no = await workflow.execute_activity_method(
            Steps.push_to_warehouse, notice.order_no, start_to_close_timeout=LIMIT
        )
        await workflow.execute_activity_method(
            Steps.mark_pushed, [notice.order_no, outbound_no], start_to_close_timeout=LIMIT
        )
