"""A workflow that asks the machine for the time, as no workflow may."""

from datetime import UTC, datetime

from temporalio import workflow

from workflows.messages import OrderStart


@workflow.defn(name="OrderWorkflow")
class ClockAsker:
    @workflow.run
    async def run(self, start: OrderStart) -> str:
        return f"{start.order_id} {datetime.now(UTC)}"  # noqa: TID251 - this is what the sandbox must catch
