"""The brake on outgoing money as it comes and goes over HTTP, and as commands show it."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.schemas import Id, Strict
from domain.brake import Brake, Said
from domain.caps import Cap, Loosening, Per
from domain.money import Money
from persistence.brake import Waiting
from persistence.caps import Standing


class BrakeBody(Strict):
    """`by`: the token's person, or nothing."""

    by: Id | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


CapName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class CapBody(Strict):
    """`policy` and `provider`: of all of them where none is named. `by`: the token's person, or nothing."""

    by: Id | None = None
    per: Per
    amount_minor: Annotated[int, Field(ge=1, le=10**12)]
    currency: str = "CNY"
    policy: Id | None = None
    provider: Id | None = None
    time_zone: Annotated[str, Field(max_length=64)] = "Asia/Shanghai"

    def cap(self, name: str) -> Cap:
        """Raises InvalidMoney for a currency that is not served."""
        amount = Money(self.amount_minor, self.currency)
        return Cap(name, self.per, amount, self.policy, self.provider, self.time_zone)


class LooseningAnswer(BaseModel):
    """Asked for by one person, and to be asked for in the same words by a second one. `to`: null for no cap at all."""

    by: str
    at: datetime
    to: str | None

    @classmethod
    def of(cls, asked: Loosening | None) -> Self | None:
        return None if asked is None else cls(by=asked.by, at=asked.at, to=str(asked.to) if asked.to else None)


class CapAnswer(BaseModel):
    """`gone_minor`: what has left in the hour or the day that ends at `ends`."""

    name: str
    per: Per
    amount_minor: int
    currency: str
    policy: str | None
    provider: str | None
    time_zone: str
    gone_minor: int
    ends: datetime
    loosening_asked: LooseningAnswer | None

    @classmethod
    def of(cls, found: Standing) -> Self:
        cap = found.cap
        return cls(
            name=cap.name,
            per=cap.per,
            amount_minor=cap.amount.amount_minor,
            currency=cap.amount.currency,
            policy=cap.policy,
            provider=cap.provider,
            time_zone=cap.zone,
            gone_minor=found.gone.amount_minor,
            ends=found.ends,
            loosening_asked=LooseningAnswer.of(found.asked),
        )


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
    caps: list[CapAnswer]

    @classmethod
    def of(cls, found: Brake, waiting: tuple[Waiting, ...], caps: tuple[Standing, ...]) -> Self:
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
        return cls(stopped=found.is_on, waiting=kept, caps=[CapAnswer.of(each) for each in caps], **said)
