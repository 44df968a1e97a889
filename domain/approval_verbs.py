"""What people may do with an approval. Each verb checks who asks and answers the approval after it.

Every verb names the version it saw: a click on what was changed meanwhile is refused, and says so. A refused verb
changes nothing; its sentence says why. Nobody gets to sign his own request, on whatever way it reaches him.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.approval import (
    UNDECIDED,
    Approval,
    Status,
    StepPlan,
    Task,
    TaskState,
    ended,
    enter,
    settled,
    start,
)
from domain.errors import ApprovalRefused
from domain.money import Money


class Where(StrEnum):
    """加签: where the added signer stands to the one who adds him."""

    BEFORE = "before"
    AFTER = "after"
    PARALLEL = "parallel"


@dataclass(frozen=True)
class Deed:
    """Who does it, when, on which version. `stands_in_for`: the people whose stand-in `by` is at this moment."""

    by: str
    at: datetime
    version: int
    stands_in_for: tuple[str, ...] = ()


def approve(approval: Approval, task_id: int, deed: Deed, reason: str = "") -> Approval:
    return _decide(approval, task_id, deed, TaskState.APPROVED, reason)


def refuse(approval: Approval, task_id: int, deed: Deed, reason: str) -> Approval:
    if not reason.strip():
        raise ApprovalRefused("say why you refuse")
    return _decide(approval, task_id, deed, TaskState.REFUSED, reason)


def _decide(approval: Approval, task_id: int, deed: Deed, state: TaskState, reason: str) -> Approval:
    task = _may_act(approval, task_id, deed)
    signed = {
        other.decided_by for other in approval.of_step(task.step) if other.state not in (*UNDECIDED, TaskState.CLOSED)
    }
    if deed.by in signed and not task.is_advice:
        raise ApprovalRefused(f"{deed.by} has signed in this step already: one person, one signature")
    state = TaskState.ADVISED if task.is_advice else state
    decided = replace(task, state=state, decided_by=deed.by, decided_at=deed.at, reason=reason)
    return settled(_with(approval, decided), deed.at)


def add_signer(approval: Approval, task_id: int, deed: Deed, signer: str, where: Where) -> Approval:
    """加签. In each mode the added signer counts like one of the plan: his yes is needed where theirs would be."""
    task = _may_act(approval, task_id, deed)
    _may_sign(approval, signer, task)
    new = replace(
        task,
        task_id=len(approval.tasks),
        signer=signer,
        state=TaskState.WAITING,
        added_by=deed.by,
        is_advice=False,
        may_act=(),
        opened_at=None if where is Where.AFTER else task.opened_at,
    )
    if where is Where.PARALLEL:
        return settled(_with(approval, replace(new, slot=new.task_id, turn=0)), deed.at)
    return settled(_queued(approval, task, new, behind=where is Where.AFTER), deed.at)


def _queued(approval: Approval, task: Task, new: Task, *, behind: bool) -> Approval:
    """`new` stands right before or behind `task` in its slot; those behind it move up."""
    turn = task.turn + 1 if behind else task.turn
    moved = tuple(
        replace(other, turn=other.turn + 1) if other.slot == task.slot and other.turn >= turn else other
        for other in approval.tasks
    )
    return _with(replace(approval, tasks=moved), replace(new, turn=turn))


def remove_signer(approval: Approval, task_id: int, deed: Deed) -> Approval:
    """减签: only whom one added oneself, and only while he has not decided. The plan's signers stay."""
    _running(approval, deed)
    task = _undecided(approval, task_id)
    if task.added_by is None:
        raise ApprovalRefused(f"{task.signer} was named by the policy and cannot be removed")
    if task.added_by != deed.by:
        raise ApprovalRefused(f"only {task.added_by}, who added {task.signer}, can remove him")
    return settled(_with(approval, replace(task, state=TaskState.CLOSED, reason=f"removed by {deed.by}")), deed.at)


def transfer(approval: Approval, task_id: int, deed: Deed, signer: str) -> Approval:
    """转办: the task, with all that hangs on it, is somebody else's from now on. Its clock starts anew."""
    task = _may_act(approval, task_id, deed)
    _may_sign(approval, signer, task)
    return _with(approval, replace(task, signer=signer, may_act=(), opened_at=deed.at))


def delegate(approval: Approval, task_id: int, deed: Deed, adviser: str) -> Approval:
    """委派: somebody else looks first; then the task comes back, and its owner decides."""
    task = _may_act(approval, task_id, deed)
    if task.is_advice:
        raise ApprovalRefused("what was delegated to you cannot be delegated further: advise, or say that you cannot")
    _may_sign(approval, adviser, task)
    new = replace(
        task,
        task_id=len(approval.tasks),
        signer=adviser,
        state=TaskState.WAITING,
        added_by=deed.by,
        is_advice=True,
        may_act=(),
    )
    return settled(_queued(approval, task, new, behind=False), deed.at)


def send_back(approval: Approval, task_id: int, deed: Deed, reason: str, step: int | None = None) -> Approval:
    """退回, to an earlier step, or to the applicant (no step). Signatures from there on are void."""
    task = _may_act(approval, task_id, deed)
    if not reason.strip():
        raise ApprovalRefused("say why you send it back")
    if step is None:
        noted = _with(approval, replace(task, state=TaskState.CLOSED, decided_by=deed.by, reason=reason))
        return ended(noted, Status.RETURNED)
    if not 0 <= step < approval.step:
        raise ApprovalRefused("it can be sent back to an earlier step only")
    return enter(
        _with(approval, replace(task, state=TaskState.CLOSED, decided_by=deed.by, reason=reason)), step, deed.at
    )


def resubmit(approval: Approval, deed: Deed, amount: Money, *, keep_signatures: bool = False) -> Approval:
    """Hand in again what was sent back. Signatures are kept only where the amount is the same."""
    _seen(approval, deed)
    if approval.status is not Status.RETURNED:
        raise ApprovalRefused("only what was sent back to the applicant is handed in again")
    if deed.by != approval.applicant:
        raise ApprovalRefused(f"only {approval.applicant} can hand it in again")
    if keep_signatures and amount == approval.amount:
        return enter(replace(approval, status=Status.OPEN), approval.step, deed.at)
    if keep_signatures:
        raise ApprovalRefused("another amount needs every signature again")
    return amended(approval, amount, approval.steps, deed.at)


def amended(approval: Approval, amount: Money, steps: tuple[StepPlan, ...], at: datetime) -> Approval:
    """Another amount, or other lines: a new version, and every signature is void."""
    return start(approval.applicant, amount, steps, at, version=approval.version + 1)


def withdraw(approval: Approval, deed: Deed) -> Approval:
    """撤回, by the applicant; also of what is approved, until its money moves: that the refund knows."""
    _seen(approval, deed)
    if approval.status not in (Status.OPEN, Status.RETURNED, Status.APPROVED):
        raise ApprovalRefused(f"it is {approval.status} already")
    if deed.by != approval.applicant:
        raise ApprovalRefused(f"only {approval.applicant} can withdraw it; refuse it instead")
    return ended(approval, Status.WITHDRAWN)


def reminded(approval: Approval, task_id: int, superior: str) -> Approval:
    """A superior was told: the signer keeps the task, the superior may act too. Never the applicant."""
    task = _undecided(approval, task_id)
    if superior == approval.applicant:
        raise ApprovalRefused(f"{superior} is the applicant and cannot decide in a signer's place")
    return _with(approval, replace(task, may_act=(*task.may_act, superior)) if superior not in task.may_act else task)


VERBS: Mapping[str, Callable[..., Approval]] = {
    verb.__name__: verb
    for verb in (approve, refuse, add_signer, remove_signer, transfer, delegate, send_back, resubmit, withdraw)
}


def decidable_by(approval: Approval, person: str, stands_in_for: tuple[str, ...] = ()) -> tuple[Task, ...]:
    """The tasks that this person may decide now; nobody his own request."""
    if approval.status is not Status.OPEN or person == approval.applicant:
        return ()
    return tuple(each for each in approval.open_tasks if _is_his(each, person, stands_in_for))


def _is_his(task: Task, person: str, stands_in_for: tuple[str, ...]) -> bool:
    """He is its signer, his stand-in, or a superior who was reminded."""
    return person == task.signer or task.signer in stands_in_for or person in task.may_act


def _seen(approval: Approval, deed: Deed) -> None:
    if deed.version != approval.version:
        raise ApprovalRefused(
            f"it was changed meanwhile (version {approval.version}, you saw {deed.version}): look again"
        )


def _running(approval: Approval, deed: Deed) -> None:
    _seen(approval, deed)
    if approval.status is not Status.OPEN:
        raise ApprovalRefused(f"it is {approval.status} already")


def _undecided(approval: Approval, task_id: int) -> Task:
    task = next((each for each in approval.tasks if each.task_id == task_id), None)
    if task is None:
        raise ApprovalRefused(f"there is no task {task_id}")
    if task.state is TaskState.CLOSED:
        raise ApprovalRefused("this task is closed: it was decided without it")
    if task.state not in UNDECIDED:
        raise ApprovalRefused(f"{task.decided_by} has decided this task already: {task.state}")
    return task


def _may_act(approval: Approval, task_id: int, deed: Deed) -> Task:
    """The open task, if it is his who wants to act."""
    _running(approval, deed)
    task = _undecided(approval, task_id)
    if deed.by == approval.applicant:
        raise ApprovalRefused("nobody decides his own request")
    if not _is_his(task, deed.by, deed.stands_in_for):
        raise ApprovalRefused(f"this task is {task.signer}'s")
    if task.state is TaskState.WAITING:
        raise ApprovalRefused("its turn has not come: somebody else decides first")
    return task


def _may_sign(approval: Approval, signer: str, task: Task) -> None:
    if not signer.strip():
        raise ApprovalRefused("name somebody")
    if signer == approval.applicant:
        raise ApprovalRefused(f"{signer} is the applicant: nobody signs his own request")
    here = [each for each in approval.tasks if each.step == task.step and each.state is not TaskState.CLOSED]
    if any(each.signer == signer for each in here):
        raise ApprovalRefused(f"{signer} has a task in this step already")


def _with(approval: Approval, task: Task) -> Approval:
    """The approval with this task changed, or added when it is new."""
    if task.task_id == len(approval.tasks):
        return replace(approval, tasks=(*approval.tasks, task))
    return replace(approval, tasks=tuple(task if each.task_id == task.task_id else each for each in approval.tasks))
