"""docs/sop.md, section 7: one sender for the installation, on whichever worker is there."""

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from tests.workflows.installation import ALL_SKUS, Installation, until

pytestmark = pytest.mark.slow


async def test_a_worker_starts_the_sender_and_changes_reach_the_shop(installation: Installation) -> None:
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.until_shown(1000)
        await installation.set_level(41)
        await installation.until_shown(41)
    assert [len(levels) for levels in installation.shop.messages] == [ALL_SKUS, 1]


async def test_several_workers_have_one_sender(installation: Installation) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await installation.worker(stack)
        await installation.until_shown(1000)
        await installation.set_level(41)
        await installation.until_shown(41)
        assert [len(levels) for levels in installation.shop.messages] == [ALL_SKUS, 1]


async def test_a_worker_that_is_told_to_stop_hands_over_at_once_and_without_a_failed_attempt(
    installation: Installation,
) -> None:
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.until_shown(1000)
        first = await installation.run_id()
    await installation.set_level(41)
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.until_shown(41)
        assert await installation.run_id() != first
        history = [event.event_type async for event in installation.handle.fetch_history_events()]
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT not in history
    assert installation.troubles.done["outbox.send"] == 2


async def test_an_outage_of_the_record_costs_attempts_and_no_level(installation: Installation) -> None:
    installation.troubles.away = "outbox."
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.set_level(41)

        async def tried_again() -> bool:
            waiting = (await installation.handle.describe()).raw_description.pending_activities
            return any(each.attempt > 1 for each in waiting)

        await until(tried_again)
        assert installation.shop.messages == []
        installation.troubles.away = None
        await installation.until_shown(41)


async def test_when_its_turn_is_over_everything_is_told_anew(installation: Installation) -> None:
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.until_shown(1000)
        installation.shop.shown.clear()
        installation.clock.time += timedelta(days=1)
        await installation.until_shown(1000)
    assert len(installation.shop.shown) == ALL_SKUS
