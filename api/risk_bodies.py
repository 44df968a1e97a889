"""What the edge and the command line show of money that waits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from domain.money_at_risk import OpenThing
from domain.reminders import Reminder


class ToldAnswer(BaseModel):
    """Who was told at which level; `skipped`: why he was not. `person` is empty where nobody could be told."""

    model_config = ConfigDict(from_attributes=True)

    level: int
    person: str
    at: datetime
    skipped: str


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
    reminders: list[ToldAnswer]

    @classmethod
    def of(cls, thing: OpenThing, told: Sequence[Reminder]) -> Self:
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
            reminders=[ToldAnswer.model_validate(each) for each in told],
        )


class RiskPage(BaseModel):
    """The most urgent first; `total` counts those that `limit` leaves out, too."""

    total: int
    things: list[RiskAnswer]

    @classmethod
    def of(cls, found: Sequence[OpenThing], limit: int, told: Mapping[str, Sequence[Reminder]]) -> Self:
        """`told`: by a thing's id."""
        return cls(total=len(found), things=[RiskAnswer.of(each, told.get(each.id, ())) for each in found[:limit]])
