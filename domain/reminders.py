"""Who is told of what stays open, when, and who is left out. Signatures are not here: their workflow reminds of them.

The owner keeps the task. When its time is up his direct superior is told, then each level above; the last one keeps
being told. Nothing is ever decided by this clock: only what settles the thing stops it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import USUAL_WEEK, Calendar, TimeLimit, reminder_times
from domain.money_at_risk import NOBODY, PROGRAM, OpenThing
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Staff, Turn, in_turn

OPERATIONS, SUPPORT = "operations", "support"
HEADS = {"finance": FINANCE_MANAGER, SUPPORT: SUPPORT_SUPERVISOR}
"""Whom to tell first where nobody holds the owner's role: the one who leads it."""

Chain = tuple[Turn, ...]
"""One owner's superiors, level by level."""


@dataclass(frozen=True)
class Reminder:
    """Somebody who was told of an open thing, or why he was not (`skipped`). Without a person nobody could be told."""

    level: int
    person: str
    at: datetime
    skipped: str = ""


@dataclass(frozen=True)
class Rhythm:
    """`limit`: until the first level, and from each to the next; without one the thing's own due time counts, and
    further levels follow at the same distance, `again` at most. `again`: how often the last level is told.
    """

    again: timedelta
    limit: TimeLimit | None = None
    calendar: Calendar = USUAL_WEEK


def chains(thing: OpenThing, staff: Staff, entity_id: str | None) -> tuple[Chain, ...]:
    """Of each one who holds the owner's role in this entity; without an entity, of those who hold it anywhere."""

    def holding(role: str) -> tuple[str, ...]:
        return staff.everywhere(role) if entity_id is None else staff.holders(role, entity_id)

    owner = OPERATIONS if thing.owner in (PROGRAM, NOBODY) else thing.owner
    if holders := holding(owner) or ((owner,) if staff.active(owner) else ()):
        ladders = ((each, staff.ladder(each, thing.applicant)) for each in holders)
    else:
        heads = holding(HEADS.get(owner, ""))
        ladders = ((each, (staff.rung(each, thing.applicant), *staff.ladder(each, thing.applicant))) for each in heads)
    return tuple(in_turn(ladder, "" if each == thing.applicant else each) for each, ladder in ladders)


def due(
    thing: OpenThing, above: tuple[Chain, ...], rhythm: Rhythm, told: Collection[int], now: datetime
) -> tuple[Reminder, ...]:
    """What is to be told now, `told` being the levels that were told before.

    After a long silence each level of the chain is made up for, but of the daily reminders behind it only the last.
    """
    if thing.since is None:
        return ()
    levels = max((len(chain) for chain in above), default=1)
    times = _times(thing, thing.since, rhythm, levels)
    turns = [level for level, at in enumerate(times, 1) if at <= now]
    if len(turns) == levels and (further := (now - times[-1]) // rhythm.again):
        turns.append(levels + further)
    return tuple(each for level in turns if level not in told for each in _at(level, thing, above, now))


def _times(thing: OpenThing, since: datetime, rhythm: Rhythm, levels: int) -> tuple[datetime, ...]:
    if rhythm.limit is not None:
        return reminder_times(since, rhythm.limit, levels, rhythm.calendar)
    first = thing.due_at or since + rhythm.again
    step = min(first - since, rhythm.again)
    return tuple(first + step * level for level in range(levels))


def _at(level: int, thing: OpenThing, above: tuple[Chain, ...], now: datetime) -> Iterator[Reminder]:
    """Everybody once, with those who are left out before him; a chain that has ended tells its last one."""
    told: dict[str, str] = {}
    for chain in above:
        turn = chain[min(level, len(chain)) - 1]
        if level <= len(chain):
            told.update((each.person, each.skipped) for each in turn.skipped)
        if turn.person:
            told.setdefault(turn.person, "")
    if not any(not skipped for skipped in told.values()):
        told.setdefault("", f"nobody is there to be told of what {thing.owner or 'nobody'} owns")
    return (Reminder(level, person, now, skipped) for person, skipped in told.items())


def in_words(told: Iterable[Reminder]) -> str:
    """For a column of a table."""
    return "; ".join(each.skipped or f"{each.person} at {each.at:%m-%d %H:%M}" for each in told)
