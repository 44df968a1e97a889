"""Approval: who must sign what, and what a step's signatures come to. The verbs are in approval_verbs.py.

A step has slots; its mode says how many of them must agree. A slot is a short queue of tasks: usually one signer's,
with those whom he asked to look before or after him. Only a queue's first undecided task is open. An approval is bound
to one amount and one version: another amount is another version, and starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.calendar import A_DAY, TimeLimit
from domain.errors import ApprovalRefused
from domain.money import Money


class Mode(StrEnum):
    """或签, 会签, 顺签, 票签."""

    ANY = "any"
    ALL = "all"
    SEQUENCE = "sequence"
    VOTE = "vote"


class OnRefusal(StrEnum):
    """Whether a refusal ends the step as soon as it cannot pass any more, or only when everybody was heard."""

    AT_ONCE = "at_once"
    COLLECT = "collect"


class TaskState(StrEnum):
    WAITING = "waiting"  # its turn has not come
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    ADVISED = "advised"  # a delegate said what he thinks; whoever asked him decides
    CLOSED = "closed"  # not needed any more


class Status(StrEnum):
    OPEN = "open"
    RETURNED = "returned"  # the applicant must mend it and hand it in again
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"  # it was decided elsewhere: by the platform, its buyer, its clock, or our policy before it


UNDECIDED = (TaskState.WAITING, TaskState.OPEN)


@dataclass(frozen=True)
class StepPlan:
    """`needed` counts for a vote only: so many of the signers must agree.

    `limit`: of each task, until a superior is told.
    """

    name: str
    mode: Mode
    signers: tuple[str, ...]
    needed: int = 0
    on_refusal: OnRefusal = OnRefusal.AT_ONCE
    limit: TimeLimit = A_DAY


@dataclass(frozen=True)
class Task:
    """`place` orders the slots of a sequence, `turn` the tasks of a slot.

    `may_act`: superiors who were reminded of it; the signer keeps the task. `is_advice`: a delegate's look at it.
    `opened_at` starts the clock of reminders: it goes on while others, whom the signer asked, look at it first.
    """

    task_id: int
    step: int
    slot: int
    place: int
    turn: int
    signer: str
    state: TaskState
    added_by: str | None = None
    is_advice: bool = False
    may_act: tuple[str, ...] = ()
    opened_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Approval:
    """`step` is the index of the step under way."""

    applicant: str
    amount: Money
    version: int
    steps: tuple[StepPlan, ...]
    tasks: tuple[Task, ...] = ()
    step: int = 0
    status: Status = Status.OPEN

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.state is TaskState.OPEN)

    @property
    def next_action(self) -> str:
        """What has to happen next; empty when nothing has."""
        if self.status is Status.RETURNED:
            return "mend the request and hand it in again, or withdraw it"
        return f"decide: {self.steps[self.step].name}" if self.status is Status.OPEN else ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose turn it is; nobody's once it has ended."""
        if self.status is Status.RETURNED:
            return (self.applicant,)
        return tuple(dict.fromkeys(task.signer for task in self.open_tasks))

    def of_step(self, step: int) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.step == step and not task.is_advice)


def start(applicant: str, amount: Money, steps: Iterable[StepPlan], at: datetime, *, version: int = 1) -> Approval:
    """The first step's tasks are open. Raises ApprovalRefused for a plan that nobody could carry out."""
    plan = tuple(_without_applicant(step, applicant) for step in steps)
    if not plan:
        raise ApprovalRefused("an approval needs at least one step")
    return enter(Approval(applicant, amount, version, plan), 0, at)


def _without_applicant(step: StepPlan, applicant: str) -> StepPlan:
    """Nobody signs his own request: where he is one of several, the others sign."""
    signers = tuple(dict.fromkeys(each for each in step.signers if each != applicant))
    if not signers:
        raise ApprovalRefused(f"step {step.name}: nobody but the applicant could sign; name somebody else")
    if step.mode is Mode.VOTE and not 1 <= step.needed <= len(signers):
        raise ApprovalRefused(f"step {step.name}: {step.needed} of {len(signers)} votes can never be reached")
    return replace(step, signers=signers)


def enter(approval: Approval, step: int, at: datetime) -> Approval:
    """Fresh tasks for this step's signers. What stood at this step or behind it is void, but stays in the list."""
    kept = tuple(
        replace(task, state=TaskState.CLOSED) if task.step >= step and task.state is not TaskState.CLOSED else task
        for task in approval.tasks
    )
    number = len(kept)
    fresh = tuple(
        Task(number + n, step, number + n, n, 0, signer, TaskState.WAITING)
        for n, signer in enumerate(approval.steps[step].signers)
    )
    return settled(replace(approval, tasks=kept + fresh, step=step, status=Status.OPEN), at)


def settled(approval: Approval, at: datetime) -> Approval:
    """Open whose turn has come; when the step is decided go on to the next, or end."""
    if approval.status is not Status.OPEN:
        return approval
    verdict = _verdict(approval)
    if verdict is None:
        return _opened(approval, at)
    approval = _closed(approval)
    if verdict is TaskState.REFUSED:
        return replace(approval, status=Status.REFUSED)
    if approval.step + 1 == len(approval.steps):
        return replace(approval, status=Status.APPROVED)
    return enter(approval, approval.step + 1, at)


def ended(approval: Approval, status: Status) -> Approval:
    return replace(_closed(approval), status=status)


def overtaken(approval: Approval | None) -> Approval | None:
    """Somebody else decided first: nobody has to sign any more."""
    if approval is None or approval.status not in (Status.OPEN, Status.RETURNED):
        return approval
    return ended(approval, Status.OVERTAKEN)


def _closed(approval: Approval) -> Approval:
    tasks = (replace(task, state=TaskState.CLOSED) if task.state in UNDECIDED else task for task in approval.tasks)
    return replace(approval, tasks=tuple(tasks))


def _opened(approval: Approval, at: datetime) -> Approval:
    turn = {task.task_id for task in _whose_turn(approval)}
    return replace(
        approval,
        tasks=tuple(
            replace(task, state=TaskState.OPEN, opened_at=task.opened_at or at)
            if task.task_id in turn and task.state is TaskState.WAITING
            else replace(task, state=TaskState.WAITING)
            if task.state is TaskState.OPEN and task.task_id not in turn
            else task
            for task in approval.tasks
        ),
    )


def _whose_turn(approval: Approval) -> Iterator[Task]:
    """Each undecided slot's first undecided task; in a sequence only those of the lowest place."""
    slots = [slot for slot in slots_of(approval) if _slot_verdict(slot) is None]
    if approval.steps[approval.step].mode is Mode.SEQUENCE and slots:
        first = min(slot[0].place for slot in slots)
        slots = [slot for slot in slots if slot[0].place == first]
    for slot in slots:
        yield next(task for task in slot if task.state in UNDECIDED)


def slots_of(approval: Approval) -> list[list[Task]]:
    """The running step's slots, each in the order of its turns; closed tasks count no more."""
    slots: dict[int, list[Task]] = {}
    for task in approval.tasks:
        if task.step == approval.step and task.state is not TaskState.CLOSED:
            slots.setdefault(task.slot, []).append(task)
    return [sorted(slot, key=lambda task: task.turn) for slot in slots.values()]


def _slot_verdict(slot: Iterable[Task]) -> TaskState | None:
    states = [task.state for task in slot if not task.is_advice]
    if TaskState.REFUSED in states:
        return TaskState.REFUSED
    return TaskState.APPROVED if all(state is TaskState.APPROVED for state in states) else None


def _verdict(approval: Approval) -> TaskState | None:
    """What the running step's signatures come to, or None while it is undecided."""
    plan = approval.steps[approval.step]
    verdicts = [_slot_verdict(slot) for slot in slots_of(approval)]
    yes, no, unknown = (verdicts.count(each) for each in (TaskState.APPROVED, TaskState.REFUSED, None))
    needed = {Mode.ANY: 1, Mode.VOTE: plan.needed}.get(plan.mode, len(verdicts))
    if yes >= needed:
        return TaskState.APPROVED
    if not no or (plan.on_refusal is OnRefusal.COLLECT and unknown):
        return None
    if plan.mode is Mode.ANY and plan.on_refusal is OnRefusal.AT_ONCE:
        return TaskState.REFUSED  # whoever comes first decides, either way
    return TaskState.REFUSED if yes + unknown < needed else None
