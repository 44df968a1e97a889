"""Reminders of a signature, in virtual time: what stops the clock, what does not, and who is told at its end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from domain.approval import Mode
from domain.calendar import Calendar, TimeKind, TimeLimit, due
from domain.limits import Limits
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR
from domain.policy import REFUNDS, Policy, Rule, StepRule
from domain.refund import RefundStage
from persistence import money_at_risk, reminders
from persistence.people import save_people
from persistence.policy_saving import save_policy
from tests.workflows.refund_world import STAFF, RefundWorld

pytestmark = pytest.mark.slow
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
async def world(refund_world: RefundWorld) -> RefundWorld:
    return await refund_world.arrived()


async def told(world: RefundWorld) -> list[tuple[str, int]]:
    """Who was told, and how many whole hours after the clock of his task began."""
    return [(person, after // HOUR) for person, after in await world.reminders()]


async def clock(world: RefundWorld, task: int = 0) -> datetime:
    view = await world.refund_view()
    assert view.approval is not None
    opened_at = view.approval.tasks[task].opened_at
    assert opened_at is not None
    return opened_at


async def test_an_added_signer_and_a_restart_at_23_hours_move_no_clock(world: RefundWorld) -> None:
    await world.ask()
    began = await clock(world)
    await world.passes_until(began + 23 * HOUR)
    await world.act("add_signer", "lin", signer="fang", where="parallel")
    await world.restart_workers()
    await world.passes_until(began + DAY - SECOND)
    assert await told(world) == []
    await world.passes_until(began + DAY + SECOND)
    assert await told(world) == [("fang", 24), ("boss", 24)], "the superior of each signer, once"
    assert {after // SECOND for _, after in await world.reminders()} == {24 * 3600}
    view = await world.refund_view()
    assert view.approval is not None
    assert [(task.signer, task.may_act) for task in view.approval.open_tasks] == [
        ("lin", ("fang",)),
        ("fang", ("boss",)),
    ]


async def test_a_transfer_starts_the_clock_anew_for_its_new_signer(world: RefundWorld) -> None:
    await world.ask()
    began = await clock(world)
    await world.passes_until(began + 23 * HOUR)
    await world.act("transfer", "lin", signer="fang")
    again = await clock(world)
    assert again >= began + 23 * HOUR
    await world.passes_until(again + DAY - SECOND)
    assert await told(world) == []
    await world.passes_until(again + DAY + SECOND)
    assert await told(world) == [("boss", 24)]


async def test_what_was_sent_back_has_no_clock_until_it_is_handed_in_again(world: RefundWorld) -> None:
    await world.ask()
    await world.passes_until(await clock(world) + 23 * HOUR)
    await world.act("send_back", "lin", reason="which parcel?")
    await world.passes(hours=30)
    assert (await world.refund_view()).reminders == ()
    view = await world.act("resubmit", "ann", None)
    assert view.approval is not None
    (task,) = view.approval.open_tasks
    assert task.opened_at is not None
    await world.passes_until(task.opened_at + DAY - SECOND)
    assert (await world.refund_view()).reminders == ()
    await world.passes_until(task.opened_at + DAY + SECOND)
    assert [each.person for each in (await world.refund_view()).reminders] == ["fang"]


async def by_policy(world: RefundWorld, step: StepRule) -> None:
    async with world.record.begin() as db:
        policy = Policy(REFUNDS, (Rule("all", steps=(step,)),))
        await save_policy(db, policy, "test", world.clock.now(), based_on=None)


async def test_who_has_signed_is_minded_no_more_and_the_other_ones_clock_goes_on(world: RefundWorld) -> None:
    await by_policy(world, StepRule("both", (SUPPORT_SUPERVISOR, FINANCE_MANAGER), mode=Mode.ALL))
    view = await world.ask()
    assert view.approval is not None
    mine, other = sorted(view.approval.open_tasks, key=lambda task: task.signer != "lin")
    began = await clock(world)
    await world.passes_until(began + 23 * HOUR)
    await world.act("approve", "lin", mine.task_id)
    await world.passes_until(began + 2 * DAY + SECOND)
    assert await told(world) == [("boss", 24), ("boss", 48)]
    await world.act("approve", "boss", other.task_id)
    assert await world.refund_ended() is RefundStage.PAID_BACK


async def test_a_step_may_count_working_hours_only(world: RefundWorld) -> None:
    limit = TimeLimit(9 * HOUR, TimeKind.WORKING)
    await by_policy(world, StepRule("support supervisor", (SUPPORT_SUPERVISOR,), limit=limit))
    await world.ask()
    moment = due(await clock(world), limit, Calendar())
    async with world.record.connect() as db:
        (listed,) = await money_at_risk.money_at_risk(db, moment, Limits())
    assert listed.due_at == moment
    await world.passes_until(moment - SECOND)
    assert await told(world) == []
    await world.passes_until(moment + SECOND)
    assert [person for person, _ in await told(world)] == ["fang"]


async def test_who_has_left_since_the_task_was_opened_is_passed_over_with_the_reason(world: RefundWorld) -> None:
    await world.ask()
    began = await clock(world)
    await world.passes_until(began + 10 * HOUR)
    async with world.record.begin() as db:
        heir = replace(STAFF[0], posts=STAFF[1].posts)
        await save_people(db, [heir, replace(STAFF[1], active=False)], "test", world.clock.now(), seen={})
    await world.passes_until(began + DAY + SECOND)
    assert [(each.person, each.skipped) for each in (await world.refund_view()).reminders] == [
        ("fang", "fang does not work here any more"),
        ("boss", ""),
    ]
    await world.passes_until(began + 2 * DAY + SECOND)
    assert [person for person, _ in await told(world)][1:] == ["boss", "boss"]


async def test_a_sole_superior_who_is_the_applicant_is_skipped_and_the_list_says_why(world: RefundWorld) -> None:
    async with world.record.begin() as db:
        await save_people(db, [replace(STAFF[1], superior=None)], "test", world.clock.now(), seen={})
    await world.ask(applicant="fang")
    began = await clock(world)
    await world.passes_until(began + 2 * DAY + SECOND)
    assert [(each.person, bool(each.skipped)) for each in (await world.refund_view()).reminders] == [
        ("fang", True),
        ("lin", False),
        ("lin", False),
    ]
    async with world.record.connect() as db:
        found = await money_at_risk.money_at_risk(db, began, Limits())
        shown = await reminders.told_of(db, found)
        assert (await db.execute(text("select decision from refunds"))).scalar_one() == "pending"
    ((first, *rest),) = shown.values()
    assert first.skipped == "fang is the applicant: nobody decides his own request"
    assert [each.person for each in rest] == ["lin", "lin"]
