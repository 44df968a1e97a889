"""What a workflow of one refund stands on beside listening: its record, and the approval that people act on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio import workflow

from activities.approvers import ApproverActivities, PersonAsked, Standing
from activities.refunds import RefundActivities
from domain.approval import Approval
from domain.approval_verbs import VERBS, Deed, Where
from domain.case import CaseDecision, Cause
from domain.errors import ApprovalChanged, ApprovalRefused
from domain.limits import Limits
from domain.money import Money
from domain.reference import OrderId
from ports.records import WaitingCase
from ports.refunds import (
    ApprovalMoved,
    PlatformTold,
    RefundCaseOpened,
    RefundCaseSettled,
    RefundStep,
    RefundTold,
    RefundView,
    Reminder,
)
from workflows import identity, narrative, options
from workflows.attended import Attended
from workflows.refund_messages import ApprovalCommand

DECIDES = ("approve", "refuse", "add_signer", "transfer", "delegate", "send_back")


@dataclass
class Spoken:
    """A command, or a fact of a return, on its way through the inbox; its handler waits until it is `done`."""

    command: Any
    done: bool = False
    refused: ApprovalRefused | None = None


class AttendedRefund(Attended):
    """Its steps are in the subclass."""

    def __init__(self, refund_id: str, order_id: OrderId) -> None:
        super().__init__()
        self._refund = RefundView(refund_id, order_id, known=False, limits=Limits())

    @property
    def _cases(self) -> tuple[WaitingCase, ...]:
        return self._refund.cases

    @property
    def _waits_for(self) -> str:
        return narrative.refund_waiting_for(self._refund)

    @property
    def _approval(self) -> Approval:
        assert self._refund.approval is not None
        return self._refund.approval

    @property
    def _amount(self) -> Money:
        assert self._refund.amount is not None
        return self._refund.amount

    def _turns_change(self) -> Callable[[], bool]:
        """Whether, since now, it was decided, or it is another one's turn, or since another time, or until another."""

        def turns() -> object:
            tasks = [(task.task_id, task.signer, task.opened_at) for task in self._approval.open_tasks]
            return self._approval.status, tasks, self._refund.sale and self._refund.sale.deadline

        before = turns()
        return lambda: turns() != before

    def _step(self, verb: str, leg: int = 0) -> RefundStep:
        transaction_id = identity.transaction_id(workflow.info().workflow_id, f"{verb}/{leg}" if leg else verb)
        return RefundStep(self._refund.refund_id, self._refund.order_id, transaction_id, leg)

    async def _record(self, activity: Callable[..., Any], fact: object) -> None:
        self._refund = await workflow.execute_local_activity_method(activity, fact, **options.RECORD)

    async def _hear(self) -> None:
        """One word after the other: who comes second is told what became of it."""
        while self._inbox:
            spoken: Spoken | RefundTold | PlatformTold = self._inbox.popleft()
            if isinstance(spoken, PlatformTold):
                await self._record(RefundActivities.hear_platform, spoken)
                continue
            if isinstance(spoken, RefundTold):
                await self._record(RefundActivities.record_notice, spoken)
                continue
            try:
                await self._obeyed(spoken.command)
            except ApprovalRefused as refused:
                spoken.refused = refused
            spoken.done = True

    async def _obeyed(self, command: Any) -> None:
        """The engine decides, the record keeps it. Raises ApprovalRefused."""
        if command.verb == "withdraw" and self._refund.legs:
            raise ApprovalRefused("its money is on its way: it cannot be withdrawn any more")
        if command.moves not in (None, self._refund.approval_moves):
            raise ApprovalChanged("somebody acted on it since you looked: look again")
        stands_in_for: tuple[str, ...] = ()
        if command.verb in DECIDES:
            standing = await self._standing(command.by, command.signer)
            if standing.refusal:
                raise ApprovalRefused(standing.refusal)
            stands_in_for = standing.stands_in_for
        deed = Deed(command.by, workflow.now(), command.version, stands_in_for)
        await self._move_approval(self._acted(command, deed), command.by, command.verb, why=command.reason)

    async def _standing(self, person: str, signer: str = "") -> Standing:
        """Whose work he does now, and whether he may decide on this amount."""
        asked = PersonAsked(person, workflow.now(), self._amount, signer)
        standing: Standing = await workflow.execute_local_activity_method(
            ApproverActivities.standing, asked, **options.RECORD
        )
        return standing

    def _acted(self, command: ApprovalCommand, deed: Deed) -> Approval:
        """Each verb takes what it needs of the command. Raises ApprovalRefused where that is missing."""
        verb = VERBS[command.verb]
        if command.verb == "resubmit":
            return verb(self._approval, deed, self._amount, keep_signatures=command.keep_signatures)
        if command.verb == "withdraw":
            return verb(self._approval, deed)
        if command.task is None or command.task not in range(len(self._approval.tasks)):
            raise ApprovalRefused("say which task of this approval it is about")
        said: dict[str, tuple[Any, ...]] = {
            "approve": (command.reason,),
            "refuse": (command.reason,),
            "add_signer": (command.signer, Where(command.where or Where.BEFORE)),
            "transfer": (command.signer,),
            "delegate": (command.signer,),
            "send_back": (command.reason, command.step),
        }
        return verb(self._approval, command.task, deed, *said.get(command.verb, ()))

    async def _move_approval(
        self,
        approval: Approval,
        by: str,
        verb: str,
        *,
        why: str = "",
        policy: str | None = None,
        reminder: Reminder | None = None,
    ) -> None:
        step, number = self._step(verb), self._refund.approval_moves + 1
        await self._record_step(
            RefundActivities.move_approval,
            ApprovalMoved(
                step.refund_id, step.order_id, step.transaction_id, number, approval, by, verb, why, policy, reminder
            ),
        )

    async def _open_case(self, cause: Cause, detail: str, attempts: int = 0) -> None:
        await self._open_case_about(cause, self._refund.refund_id, detail, attempts)

    async def _open_case_about(self, cause: Cause, subject: str, detail: str, attempts: int = 0) -> None:
        refund = self._refund
        last_error = detail if attempts else None
        fact = RefundCaseOpened(refund.refund_id, refund.order_id, cause, subject, detail, attempts, last_error)
        await self._record(RefundActivities.open_case, fact)

    async def _settle(self, decision: CaseDecision) -> None:
        fact = RefundCaseSettled(self._refund.refund_id, self._refund.order_id, decision)
        await self._record(RefundActivities.settle_case, fact)

    def _show(self, *, resting: bool) -> None:
        """What the Temporal Web UI says. Each change of a search attribute costs, so passing stages make none."""
        workflow.set_current_details(narrative.refund_details(self._refund))
        stage, attention = self._refund.stage, self._refund.open_cases > 0
        shown = workflow.info().typed_search_attributes
        if attention != shown.get(identity.NEEDS_ATTENTION) or (resting and stage != shown.get(identity.STAGE)):
            workflow.upsert_search_attributes(
                [identity.STAGE.value_set(stage), identity.NEEDS_ATTENTION.value_set(attention)]
            )
