"""The drill in short: eight schedules hold, and planted bugs are found by the schedule known to do so."""

from dataclasses import replace

import pytest

from drill.virtual.batch import Records, make_template, play
from drill.virtual.plan import Plan, Schedule, draw
from runtime.embedded import EmbeddedPostgres
from tests.drill.planted import BUGS, SEED, Bug
from tests.drill.planted_refunds import REFUND_BUGS
from tests.drill.playing import found_with

pytestmark = pytest.mark.slow

AT_ONCE, WITH_REFUNDS = 8, 5
SCHEDULES = list(dict.fromkeys([*(bug.schedule for bug in BUGS), *range(AT_ONCE)]))[:AT_ONCE]
SOME_CELLS = 20


@pytest.fixture(scope="module")
async def records(postgres: EmbeddedPostgres) -> Records:
    await make_template(postgres)
    return Records(postgres)


async def test_after_eight_schedules_every_invariant_holds(records: Records) -> None:
    """Among them those that find the bugs; money goes back too: asked for, with goods, due, and by a marketplace."""
    drawn = [draw(SEED, number) for number in SCHEDULES]
    refunds = [replace(each, plans=(*each.of_orders.plans, each.of_refunds.plans[0])) for each in drawn[:WITH_REFUNDS]]
    others = [replace(each, plans=_without(each, each.of_refunds)) for each in drawn[WITH_REFUNDS:]]
    played = await play(records, [*refunds, *others])
    assert {found.invariant: found.evidence for found in played.broken} == {}
    assert len({cell for life in played.lives for cell in life.cells}) > SOME_CELLS


@pytest.mark.parametrize("bug", [*BUGS, *REFUND_BUGS], ids=lambda bug: bug.what)
async def test_a_planted_bug_is_found_by_the_schedule_known_to_do_so(bug: Bug, records: Records) -> None:
    assert bug.shows in {found.invariant for found in await found_with(bug, records, [bug.schedule])}


def _without(schedule: Schedule, part: Schedule) -> tuple[Plan, ...]:
    return tuple(plan for plan in schedule.plans if plan not in part.plans)
