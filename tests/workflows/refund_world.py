"""A world whose order has arrived, and one refund of it: who signs, what the provider says, how time passes."""

from datetime import timedelta
from typing import Any, Self

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.approvers import ApproverActivities
from activities.messages import MessageActivities
from activities.refunds import RefundActivities
from activities.undo import UndoActivities
from domain.axis import Fulfilment
from domain.case import CaseDecision, Cause, Choice
from domain.order import Stage
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person, Post
from domain.refund import Asking, RefundStage
from domain.refund_money import RefundRequest, Units
from drill.virtual.house import VirtualTime
from persistence.approvers import PostgresApprovers
from persistence.people import save_people
from persistence.refunds import PostgresRefunds
from persistence.undo import PostgresUndo
from ports.refunds import RefundAsked, RefundView
from runtime import temporal
from runtime.attempts import AttemptLog
from runtime.messenger import TemporalMessenger
from tests.builders import yuan
from tests.workflows.seen import answered
from tests.workflows.world import World
from workflows import identity
from workflows.refund import RefundWorkflow
from workflows.refund_messages import ApprovalCommand, RefundEnd, RefundStart

ALL = RefundRequest(units=(Units("1", 2),), shipping=yuan("8.00"))
STAFF = (
    Person("boss", "Boss"),
    Person("fang", "Fang", (Post(FINANCE_MANAGER),), superior="boss"),
    Person("lin", "Lin", (Post(SUPPORT_SUPERVISOR),), superior="fang"),
)


class RefundWorld(World):
    """Two packs have been delivered; ann asks for a refund, lin supervises support, fang manages finance."""

    pays_back = True

    async def start_workers(self) -> None:
        await super().start_workers()
        steps = RefundActivities(PostgresRefunds(self.record, self.clock, self.limits)).all
        messages = MessageActivities(TemporalMessenger(self.env.client)).all
        people = ApproverActivities(PostgresApprovers(self.record)).all
        worker = Worker(
            self.env.client,
            task_queue=identity.REFUNDS,
            activities=[*steps, *people, *messages, *UndoActivities(PostgresUndo(self.record, self.clock)).all],
            workflows=temporal.WORKFLOWS,
            workflow_runner=temporal.workflow_runner(),
            interceptors=[VirtualTime(self.env, self.clock), AttemptLog(), self.troubles],
            no_remote_activities=True,
            max_cached_workflows=0,
        )
        await self._workers.enter_async_context(worker)

    async def at_warehouse(self) -> Self:
        """Nothing has left yet; and the people who work here."""
        async with self.record.begin() as db:
            await save_people(db, STAFF, "test", self.clock.now(), seen={})
        await self.go_to(Stage.AT_WAREHOUSE)
        return self

    async def arrived(self) -> Self:
        """The order's whole life, without waiting for its end."""
        await self.at_warehouse()
        await self.ship()
        await self.deliver()
        await self.until_stage(Stage(Fulfilment.DELIVERED.value))
        return self

    async def ask(
        self, request: RefundRequest = ALL, refund_id: str = "r1", applicant: str = "ann", **more: Any
    ) -> RefundView:
        """As the API does it: the refund is started, and answers whether it was opened."""
        asked = RefundAsked(Asking(refund_id, self.order_id, applicant, request=request, **more), "damaged", "sealed")
        self._refund = await self.env.client.start_workflow(
            RefundWorkflow.run,
            RefundStart(asked),
            id=identity.refund_workflow_id(refund_id),
            task_queue=identity.REFUNDS,
            search_attributes=identity.search_attributes(self.order_id, RefundStage.AWAITING_APPROVAL),
        )
        view: RefundView = await self._refund.execute_update("open", asked, result_type=RefundView)
        return view

    @property
    def refund(self) -> WorkflowHandle[RefundWorkflow, RefundEnd]:
        return self._refund

    async def act(self, verb: str, by: str, task: int | None = 0, **more: Any) -> RefundView:
        command = ApprovalCommand(verb, by, more.pop("version", 1), task, **more)
        view: RefundView = await self.refund.execute_update("act", command, result_type=RefundView)
        return view

    async def refused_to_act(self, verb: str, by: str, task: int | None = 0, **more: Any) -> str:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.act(verb, by, task, **more)
        assert isinstance(refused.value.cause, ApplicationError)
        return refused.value.cause.message

    async def refund_view(self) -> RefundView:
        return await answered(lambda: self.refund.query(RefundWorkflow.progress))

    async def refund_ended(self) -> RefundStage:
        """Time flies until then."""
        return (await self.refund.result()).stage

    async def until_refund(self, stage: RefundStage) -> None:
        async def reached() -> bool:
            return (await self.refund_view()).stage is stage

        await self.until(reached)

    async def refund_case(self, cause: Cause) -> str:
        found: list[str] = []

        async def waits() -> bool:
            found.extend(each.case_id for each in (await self.refund_view()).cases if each.cause is cause)
            return bool(found)

        await self.until(waits)
        return found[0]

    async def decide_refund(self, cause: Cause, choice: Choice) -> None:
        decision = CaseDecision(await self.refund_case(cause), choice, "fang", "it was agreed")
        await self.refund.execute_update("decide_case", decision, result_type=RefundStage)

    async def reminders(self) -> list[tuple[str, timedelta]]:
        """Who was told, and how long after the task was opened."""
        view = await self.refund_view()
        assert view.approval is not None
        opened = {task.task_id: task.opened_at for task in view.approval.tasks}
        return [(each.person, each.at - (opened[each.task_id] or each.at)) for each in view.reminders]
