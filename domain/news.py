"""News: what a person is told, once for each thing that happened. No name, goods or address ever stands in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from domain.approval import Approval, Task
from domain.money import Money
from domain.reference import OWN_SHOP
from domain.refund import Refund, RefundStage


class Audience(StrEnum):
    STAFF = "staff"
    CUSTOMER = "customer"


class Topic(StrEnum):
    TO_SIGN = "to_sign"
    REMINDER = "reminder"
    REFUND_OPENED = "refund_opened"
    REFUND_REFUSED = "refund_refused"
    REFUND_PAID_BACK = "refund_paid_back"
    REFUND_ENDED = "refund_ended"  # in any other way


@dataclass(frozen=True)
class News:
    """`event` names what happened, the same however often it is written. `recipient`: a person of the staff; for the
    customer of an order, that order's id, since his address stays sealed until the moment it is needed.
    """

    topic: Topic
    event: str
    audience: Audience
    recipient: str
    order_id: str | None = None
    refund_id: str | None = None
    amount: Money | None = None

    @property
    def id(self) -> str:
        """Derived: whoever carries it may be given it twice and knows it again."""
        return hashlib.sha256(f"{self.event}\n{self.audience}\n{self.recipient}".encode()).hexdigest()[:32]


_ENDS = {RefundStage.REFUSED: Topic.REFUND_REFUSED, RefundStage.PAID_BACK: Topic.REFUND_PAID_BACK}


def for_customer(before: Refund | None, after: Refund) -> tuple[News, ...]:
    """That a refund was opened, and how it ended. What is refused at once is said in the answer to the request."""
    if after.order_id.channel != OWN_SHOP:
        return ()  # the platform alone speaks to its buyers
    if before is None:
        told = () if after.ended else ((Topic.REFUND_OPENED, "opened", after.amount),)
    elif not after.ended or (before.ended and before.stage is after.stage):
        told = ()
    else:
        amount = after.amount if after.stage is RefundStage.REFUSED else after.paid_back
        told = ((_ENDS.get(after.stage, Topic.REFUND_ENDED), after.stage.value, amount),)
    order_id, refund_id = str(after.order_id), after.refund_id
    return tuple(
        News(topic, f"refund/{refund_id}/{what}", Audience.CUSTOMER, order_id, order_id, refund_id, amount)
        for topic, what, amount in told
    )


def for_signers(refund: Refund, before: Approval | None, after: Approval | None, move: int) -> tuple[News, ...]:
    """Whose turn it has become by this move of the approval."""
    known = {_turn(task) for task in before.open_tasks} if before else set()
    fresh = (task.signer for task in after.open_tasks if _turn(task) not in known) if after else ()
    return tuple(for_staff(Topic.TO_SIGN, refund, signer, move) for signer in dict.fromkeys(fresh))


def _turn(task: Task) -> tuple[int, str]:
    return task.task_id, task.signer


def for_staff(topic: Topic, refund: Refund, person: str, move: int) -> News:
    """What a move of its approval is to somebody; moves are counted and never come twice."""
    event = f"refund/{refund.refund_id}/{topic}/{move}"
    return News(topic, event, Audience.STAFF, person, str(refund.order_id), refund.refund_id, refund.amount)
