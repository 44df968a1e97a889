"""What waits for a person of the staff to decide, read in his name."""

import hashlib
from datetime import datetime

from pydantic import BaseModel

from api.actors import deciding
from persistence.access import Token
from persistence.engine import reading
from persistence.inbox import TaskAtHand, tasks_of
from runtime.wiring import House


class InboxTask(BaseModel):
    """`signer`: whose task it is, yours or of somebody for whom you may act. `decide_at` takes your decision.

    `version`, `task` and `moves` (as `If-Match`) say what you saw. `attempt`: how often this was asked for.
    """

    refund: str
    order: str
    amount_minor: int
    currency: str
    reason: str
    applicant: str
    step: str
    signer: str
    task: int
    version: int
    moves: int
    attempt: int
    opened_at: datetime | None
    due_at: datetime | None
    overdue: bool
    decide_at: str


class Inbox(BaseModel):
    tasks: list[InboxTask]


async def inbox(house: House, token: Token) -> tuple[Inbox, str]:
    """With its ETag."""
    person, now = deciding(token, None), house.clock.now()
    async with reading(house.engine) as db:
        found = await tasks_of(db, person, now, house.settings.scaled_limits)
    page = Inbox(tasks=[_shown(house, each, now) for each in found])
    return page, f'"{hashlib.sha256(page.model_dump_json().encode()).hexdigest()[:16]}"'


def _shown(house: House, found: TaskAtHand, now: datetime) -> InboxTask:
    loaded, refund, task = found.loaded, found.loaded.refund, found.task
    assert loaded.approval is not None
    return InboxTask(
        refund=refund.refund_id,
        order=str(refund.order_id),
        amount_minor=refund.amount.amount_minor,
        currency=refund.amount.currency,
        reason=loaded.reason,
        applicant=refund.applicant,
        step=loaded.approval.steps[task.step].name,
        signer=task.signer,
        task=task.task_id,
        version=loaded.approval.version,
        moves=loaded.approval_moves,
        attempt=loaded.attempt,
        opened_at=task.opened_at,
        due_at=found.due_at,
        overdue=found.due_at is not None and found.due_at < now,
        decide_at=f"{house.settings.public_url}/refunds/{refund.refund_id}/decisions",
    )
