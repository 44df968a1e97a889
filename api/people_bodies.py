"""People as they come and go over HTTP and in files."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.schemas import Id, Moment, Strict
from domain.money import Money
from domain.people import Person, Post, StandIn
from persistence.people import KnownPerson

PersonId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class MoneyBody(Strict):
    """In minor units (fen)."""

    amount_minor: Annotated[int, Field(ge=0, le=10**12)]
    currency: str = "CNY"

    def money(self) -> Money:
        """Raises InvalidMoney for a currency that is not served."""
        return Money(self.amount_minor, self.currency)

    @classmethod
    def of(cls, money: Money) -> Self:
        return cls(amount_minor=money.amount_minor, currency=money.currency)


class PostBody(Strict):
    """Without an entity: in every one."""

    role: Role
    entity_id: Id | None = None


class StandInBody(Strict):
    person: PersonId
    begins: Moment
    ends: Moment


class PersonBody(Strict):
    """`limits`: the most that this person may decide, one for each currency; none: any amount."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    posts: Annotated[tuple[PostBody, ...], Field(max_length=100)] = ()
    superior: PersonId | None = None
    stand_ins: Annotated[tuple[StandInBody, ...], Field(max_length=50)] = ()
    limits: Annotated[tuple[MoneyBody, ...], Field(max_length=10)] = ()
    active: bool = True

    def person(self, person_id: str) -> Person:
        return Person(
            person_id,
            self.name,
            tuple(Post(post.role, post.entity_id) for post in self.posts),
            self.superior,
            tuple(StandIn(each.person, each.begins, each.ends) for each in self.stand_ins),
            tuple(limit.money() for limit in self.limits),
            self.active,
        )


class NamedPersonBody(PersonBody):
    """In a file, each person says who he is."""

    id: PersonId


class PersonAnswer(BaseModel):
    """`version` is what If-Match wants to hear before a change. `superiors`: his chain, the direct one first."""

    id: str
    name: str
    posts: list[PostBody]
    superior: str | None
    superiors: list[str]
    stand_ins: list[StandInBody]
    limits: list[MoneyBody]
    active: bool
    version: int
    changed_at: datetime

    @classmethod
    def of(cls, known: KnownPerson, superiors: tuple[str, ...]) -> Self:
        person = known.person
        return cls(
            id=person.id,
            name=person.name,
            posts=[PostBody(role=post.role, entity_id=post.entity_id) for post in person.posts],
            superior=person.superior,
            superiors=list(superiors),
            stand_ins=[
                StandInBody(person=each.person, begins=each.begins, ends=each.ends) for each in person.stand_ins
            ],
            limits=[MoneyBody.of(limit) for limit in person.limits],
            active=person.active,
            version=known.version,
            changed_at=known.changed_at,
        )


class PeopleAnswer(BaseModel):
    people: list[PersonAnswer]
