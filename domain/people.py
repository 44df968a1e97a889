"""Who works here: roles in entities, superiors, stand-ins, and the amounts that somebody may decide.

A person is named by an id, such as `lin`: it stands in approvals and audit logs. Who has left stays, without effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations

from domain.errors import StaffRefused
from domain.money import Money

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
BY_ITSELF = "lockstep"  # who asks for what goes back by itself; nobody else has this name
ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
SUPPORT_SUPERVISOR = "support_supervisor"
FINANCE_MANAGER = "finance_manager"


@dataclass(frozen=True)
class Post:
    """A role in one entity; in every entity where none is named."""

    role: str
    entity_id: str | None = None


@dataclass(frozen=True)
class StandIn:
    """Who does the work of somebody who is away, from `begins` until just before `ends`."""

    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Person:
    """`limits`: the most that this person may decide, one for each currency; none at all: any amount.

    Whoever has limits decides only in their currencies.
    """

    id: str
    name: str
    posts: tuple[Post, ...] = ()
    superior: str | None = None
    stand_ins: tuple[StandIn, ...] = ()
    limits: tuple[Money, ...] = ()
    active: bool = True

    def may_decide(self, amount: Money) -> bool:
        within = any(each.currency == amount.currency and amount <= each for each in self.limits)
        return self.active and (within or not self.limits)

    def holds(self, role: str, entity_id: str) -> bool:
        return self.active and any(post.role == role and post.entity_id in (None, entity_id) for post in self.posts)


@dataclass(frozen=True)
class Rung:
    """One level above a signer. `skipped`: why nobody tells this superior, in words; empty when he is told."""

    person: str
    skipped: str = ""


@dataclass(frozen=True)
class Turn:
    """Who is told at one level, and who is left out before him. `person` is empty where nobody is left to tell."""

    person: str
    skipped: tuple[Rung, ...] = ()


@dataclass(frozen=True)
class Staff:
    """Everybody. Raises StaffRefused where they do not fit together: the sentences name each place."""

    people: tuple[Person, ...] = ()
    by_id: Mapping[str, Person] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {person.id: person for person in self.people})
        if wrong := tuple(_wrong(self)):
            raise StaffRefused("; ".join(dict.fromkeys(wrong)))

    def with_person(self, person: Person) -> Staff:
        """With this person added, or put in the place of what stood under the id."""
        return Staff((*(each for each in self.people if each.id != person.id), person))

    def active(self, person: str) -> bool:
        return person in self.by_id and self.by_id[person].active

    def holders(self, role: str, entity_id: str) -> tuple[str, ...]:
        """By id, so that every process names them in one order."""
        return tuple(sorted(person.id for person in self.people if person.holds(role, entity_id)))

    def everywhere(self, role: str) -> tuple[str, ...]:
        """Who holds it in any entity."""
        return tuple(sorted({p.id for p in self.people if p.active and any(post.role == role for post in p.posts)}))

    def may_decide(self, person: str, amount: Money) -> bool:
        return person in self.by_id and self.by_id[person].may_decide(amount)

    def superior_of(self, person: str) -> str | None:
        """The nearest superior who still works here."""
        return next((each for each in self.chain_of(person) if self.active(each)), None)

    def chain_of(self, person: str) -> tuple[str, ...]:
        """Superiors, the direct one first."""
        return tuple(_upwards(self.by_id, person))

    def ladder(self, signer: str, applicant: str) -> tuple[Rung, ...]:
        """Whom to remind of a signer's task, level by level. The applicant is never told to decide."""
        return tuple(self.rung(each, applicant) for each in self.chain_of(signer))

    def rung(self, person: str, applicant: str) -> Rung:
        return Rung(person, self._why_skipped(person, applicant))

    def _why_skipped(self, superior: str, applicant: str) -> str:
        if superior == applicant:
            return f"{superior} is the applicant: nobody decides his own request"
        return "" if self.active(superior) else f"{superior} does not work here any more"

    def standing_in(self, person: str, at: datetime) -> str | None:
        """Who does this person's work now: his stand-in, or where that one is away too, the stand-in's own.

        None when the person is there himself, and where everybody in the row is away.
        """
        seen, now = {person}, self._stand_in(person, at)
        while now is not None and now not in seen:
            further = self._stand_in(now, at)
            if further is None:
                return now
            seen.add(now)
            now = further
        return None

    def stands_in_for(self, person: str, at: datetime) -> tuple[str, ...]:
        """Whose work this person does now."""
        return tuple(sorted(each.id for each in self.people if self.standing_in(each.id, at) == person))

    def _stand_in(self, person: str, at: datetime) -> str | None:
        known = self.by_id.get(person)
        now = (each.person for each in known.stand_ins if each.begins <= at < each.ends) if known else iter(())
        return next((each for each in now if self.active(each)), None)


def in_turn(ladder: Iterable[Rung], otherwise: str) -> tuple[Turn, ...]:
    """Level by level; who is left out above the last one is noted with him. `otherwise`: who is told if nobody is."""
    turns: list[Turn] = []
    skipped: tuple[Rung, ...] = ()
    for rung in ladder:
        if rung.skipped:
            skipped = (*skipped, rung)
        else:
            turns.append(Turn(rung.person, skipped))
            skipped = ()
    if not turns:
        return (Turn(otherwise, skipped),)
    turns[-1] = replace(turns[-1], skipped=(*turns[-1].skipped, *skipped))
    return tuple(turns)


def _upwards(by_id: Mapping[str, Person], person: str) -> Iterator[str]:
    """Ends where the chain comes back to somebody: the check for loops walks here too."""
    seen = {person}
    now = by_id[person].superior if person in by_id else None
    while now is not None and now not in seen:
        yield now
        seen.add(now)
        now = by_id[now].superior if now in by_id else None


def _wrong(staff: Staff) -> Iterator[str]:
    if len(staff.by_id) < len(staff.people):
        yield "two people have one id"
    if BY_ITSELF in staff.by_id:
        yield f"{BY_ITSELF}: the program itself has this id, choose another"
    for person in staff.people:
        yield from (f"{person.id}: {sentence}" for sentence in _wrong_in(person))
        yield from (f"{person.id}: {sentence}" for sentence in _wrong_among(person, staff.by_id))


def _wrong_in(person: Person) -> Iterator[str]:
    if not ID.fullmatch(person.id):
        yield "an id has 1 to 64 letters, digits, or . _ @ -"
    if not person.name.strip():
        yield "say the name"
    for post in person.posts:
        if not ROLE.fullmatch(post.role):
            yield f"role {post.role!r}: use small letters, digits and _, such as {SUPPORT_SUPERVISOR}"
    if len({limit.currency for limit in person.limits}) < len(person.limits):
        yield "one limit for each currency"
    if any(limit.amount_minor <= 0 for limit in person.limits):
        yield "a limit is above zero"
    for stand_in in person.stand_ins:
        if stand_in.ends <= stand_in.begins:
            yield f"{stand_in.person}'s time ends before it begins"
    if any(one.begins < other.ends and other.begins < one.ends for one, other in combinations(person.stand_ins, 2)):
        yield "two stand in at one time"


def _wrong_among(person: Person, by_id: Mapping[str, Person]) -> Iterator[str]:
    if person.superior is not None and person.superior not in by_id:
        yield f"superior {person.superior} is not known here"
    for stand_in in person.stand_ins:
        if stand_in.person == person.id:
            yield "nobody stands in for himself"
        elif stand_in.person not in by_id:
            yield f"stand-in {stand_in.person} is not known here"
    circle = _circle(by_id, person.id)
    if circle:
        yield f"the superiors go round in a circle: {' -> '.join(circle)}"


def _circle(by_id: Mapping[str, Person], person: str) -> tuple[str, ...]:
    """The way from this person back to himself."""
    way = (person, *_upwards(by_id, person))
    last = by_id.get(way[-1])
    return (*way, person) if last is not None and last.superior == person else ()
