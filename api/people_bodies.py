"""People as they come and go over HTTP and in files."""

from datetime import date, datetime, time
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.schemas import Id, Moment, Strict
from domain.calendar import Calendar, Shift
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


class PersonInFile(PersonBody):
    """As `lockstep people list --json` prints it. `version` is the one that the change was made from."""

    id: PersonId
    version: Annotated[int, Field(ge=0)] | None = None
    superiors: tuple[str, ...] = ()
    changed_at: datetime | None = None


class PeopleFile(Strict):
    people: Annotated[tuple[PersonInFile, ...], Field(min_length=1, max_length=1000)]


class ShiftBody(Strict):
    begins: time
    ends: time


class HoursFile(Strict):
    """When an entity works, in its own zone: weekdays from 0 (Monday), shifts, days off, days to make up for them."""

    weekdays: Annotated[tuple[int, ...], Field(max_length=7)] = (0, 1, 2, 3, 4)
    shifts: Annotated[tuple[ShiftBody, ...], Field(max_length=10)]
    holidays: Annotated[tuple[date, ...], Field(max_length=1000)] = ()
    make_up_days: Annotated[tuple[date, ...], Field(max_length=1000)] = ()

    def calendar(self, zone: str) -> Calendar:
        """Raises InvalidCalendar."""
        shifts = tuple(Shift(each.begins, each.ends) for each in self.shifts)
        return Calendar(zone, self.weekdays, shifts, self.holidays, self.make_up_days)


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
