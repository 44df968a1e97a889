"""The installation's one sender: it runs on one worker, and on the next one when that is gone."""

from temporalio import workflow

from activities.outbox import OutboxActivities
from workflows import options
from workflows.messages import SenderTurn


@workflow.defn(name="OutboxWorkflow")
class OutboxWorkflow:
    """What is to be told to the outside: docs/sop.md, section 7."""

    @workflow.run
    async def run(self, turn: SenderTurn) -> None:
        await workflow.execute_activity_method(OutboxActivities.send, turn, **options.SENDER)
        workflow.continue_as_new(turn)
