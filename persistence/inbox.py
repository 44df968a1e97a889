"""Whose turn it is: the open tasks of approvals that one person may decide now."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approval import Task
from domain.approval_verbs import decidable_by
from domain.limits import Limits
from domain.money_at_risk import open_things
from persistence import people
from persistence.money_at_risk import refunds_at_hand
from persistence.refund_rows import LoadedRefund

NEVER_TOLD = datetime.min.replace(tzinfo=UTC)  # without a due time it stands first


@dataclass(frozen=True)
class TaskAtHand:
    loaded: LoadedRefund
    task: Task
    due_at: datetime | None


async def tasks_of(db: AsyncConnection, person: str, now: datetime, limits: Limits) -> list[TaskAtHand]:
    """His own, those of whom he stands in for, and those he was reminded of; what is due first stands first."""
    stands_in_for = (await people.read_staff(db)).stands_in_for(person, now)
    found: list[TaskAtHand] = []
    for loaded, at_hand in await refunds_at_hand(db):
        if loaded.approval is not None:
            due = {each.id: each.due_at for each in open_things(at_hand, limits) if each.about == "approval"}
            name = loaded.refund.refund_id
            tasks = decidable_by(loaded.approval, person, stands_in_for)
            found += [TaskAtHand(loaded, task, due.get(f"{name}/{task.task_id}")) for task in tasks]
    return sorted(found, key=lambda each: (each.due_at or NEVER_TOLD, each.loaded.refund.refund_id, each.task.task_id))
