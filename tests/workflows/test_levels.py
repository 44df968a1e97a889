"""Whom to remind of a task, in which order, and why somebody was left out."""

from datetime import timedelta

from activities.approvers import ApproverActivities, Level, TaskAsked
from domain.calendar import A_DAY
from domain.people import Rung
from ports.approvers import Approvers
from tests.builders import NOON


class Chain:
    """Superiors as they are told to it, each a day after the one before."""

    def __init__(self, *rungs: Rung) -> None:
        self._rungs = rungs

    async def ladder(self, person: str, applicant: str) -> tuple[Rung, ...]:
        del person, applicant
        return self._rungs

    async def reminders(self, *about: object) -> tuple[object, ...]:
        levels = about[3]
        assert isinstance(levels, int)
        return tuple(NOON + timedelta(days=day) for day in range(1, levels + 1))


async def levels(*rungs: Rung) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    chain: Approvers = Chain(*rungs)  # type: ignore[assignment]  # only what is asked here
    asked = TaskAsked("lin", "ann", "teahouse", NOON, A_DAY)
    found: tuple[Level, ...] = await ApproverActivities(chain).levels(asked)
    return [(each.person, each.skipped) for each in found]


HIMSELF = Rung("ann", skipped="asked for it")


async def test_whoever_is_left_out_is_noted_with_the_next_one_who_is_told() -> None:
    assert await levels(Rung("fang"), HIMSELF, Rung("boss")) == [
        ("fang", ()),
        ("boss", (("ann", "asked for it"),)),
    ]


async def test_at_the_end_of_the_chain_he_is_noted_with_the_last_one() -> None:
    assert await levels(Rung("fang"), HIMSELF) == [("fang", (("ann", "asked for it"),))]


async def test_where_nobody_is_left_the_signer_himself_is_told() -> None:
    assert await levels(HIMSELF) == [("lin", (("ann", "asked for it"),))]
