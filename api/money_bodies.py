"""The brake on outgoing money as it comes and goes over HTTP, and as commands show it."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.schemas import Id, Strict
from domain.brake import Brake, Said
from persistence.brake import Waiting


class BrakeBody(Strict):
    """`by`: the token's person, or nothing."""

    by: Id | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SaidAnswer(BaseModel):
    by: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, said: Said | None) -> Self | None:
        return None if said is None else cls(by=said.by, reason=said.reason, at=said.at)


class WaitingAnswer(BaseModel):
    """What one thing of ours keeps: so many refunds, with so much money still to go in this currency."""

    held: str
    refunds: int
    amount_minor: int
    currency: str


class MoneyAnswer(BaseModel):
    """`stop`: who stopped all money. `release_asked`: the first of the two who release it; the second one confirms."""

    stopped: bool
    stop: SaidAnswer | None
    release_asked: SaidAnswer | None
    waiting: list[WaitingAnswer]

    @classmethod
    def of(cls, found: Brake, waiting: tuple[Waiting, ...]) -> Self:
        kept = [
            WaitingAnswer(
                held=each.held,
                refunds=each.refunds,
                amount_minor=each.amount.amount_minor,
                currency=each.amount.currency,
            )
            for each in waiting
        ]
        said = {"stop": SaidAnswer.of(found.stop), "release_asked": SaidAnswer.of(found.asked)}
        return cls(stopped=found.is_on, waiting=kept, **said)
