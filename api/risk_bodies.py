"""What the edge and the command line show of money that waits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from domain.money_at_risk import OpenThing


class RiskAnswer(BaseModel):
    """`about`: approval, goods, refund, leg or case; `id` names it there. `due_at` is null for an orphan."""

    about: str
    id: str
    order_id: str | None
    refund_id: str | None
    next_action: str
    owner: str
    due_at: datetime | None
    amount_minor: int | None
    currency: str | None

    @classmethod
    def of(cls, thing: OpenThing) -> Self:
        return cls(
            about=thing.about,
            id=thing.id,
            order_id=thing.order_id,
            refund_id=thing.refund_id,
            next_action=thing.next_action,
            owner=thing.owner,
            due_at=thing.due_at,
            amount_minor=thing.amount.amount_minor if thing.amount else None,
            currency=thing.amount.currency if thing.amount else None,
        )


class RiskPage(BaseModel):
    """The most urgent first; `total` counts those that `limit` leaves out, too."""

    total: int
    things: list[RiskAnswer]

    @classmethod
    def of(cls, found: Sequence[OpenThing], limit: int) -> Self:
        return cls(total=len(found), things=[RiskAnswer.of(each) for each in found[:limit]])
