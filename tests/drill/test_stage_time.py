"""Time outside passes while all wait for it, and a play that comes to no end is given up."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest

from drill.virtual import stage_time
from drill.virtual.house import open_temporal
from drill.virtual.stage_time import StageTime, Stalled, Stranded
from ports.clock import FixedClock
from tests.builders import NOON

pytestmark = pytest.mark.slow


async def test_time_passes_while_all_wait_for_it() -> None:
    seen = []
    async with open_temporal({"drill": bytes(32)}) as env:
        begin = await env.get_current_time()
        time = StageTime(env, FixedClock(begin))

        async def act(name: str, minutes: float) -> None:
            await time.passes(minutes=minutes)
            seen.append((name, round((time.clock.now() - begin) / timedelta(minutes=1))))

        time.start(act("late", 600))
        time.start(act("soon", 5))
        await time.play()
    assert seen == [("soon", 5), ("late", 600)]


async def test_a_lock_on_time_that_the_server_forgot_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_time, "LOOK", timedelta(seconds=0.2))
    async with open_temporal({"drill": bytes(32)}) as env:
        time = StageTime(env, FixedClock(await env.get_current_time()))
        await env.client.test_service.lock_time_skipping(LockTimeSkippingRequest())

        async def act() -> None:
            await time.passes(minutes=600)

        time.start(act())
        await time.play()


async def test_an_act_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_time, "PLAY_PATIENCE", timedelta(seconds=0.05))
    time = StageTime(None, FixedClock(NOON))  # type: ignore[arg-type]

    async def act() -> None:
        await asyncio.Event().wait()

    stuck = time.start(act())
    with pytest.raises(Stalled, match="not over after"):
        await time.play()
    stuck.cancel()


async def test_a_task_that_is_lost_at_two_looks_ends_the_play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_time, "LOOK", timedelta(seconds=0.01))
    looks = iter([{"order at event 3", "refund at event 8"}, {"refund at event 8"}])

    async def lost() -> set[str]:
        return next(looks)

    time = StageTime(None, FixedClock(NOON), lost)  # type: ignore[arg-type]

    async def act() -> None:
        await asyncio.Event().wait()

    stuck = time.start(act())
    with pytest.raises(Stranded, match=r"^refund at event 8$"):
        await time.play()
    stuck.cancel()


async def test_a_task_that_is_seen_at_one_look_alone_was_just_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_time, "LOOK", timedelta(seconds=0.01))
    is_over = asyncio.Event()
    looks = iter([{"order at event 3"}, {"order at event 9"}, set[str]()])

    async def lost() -> set[str]:
        seen = next(looks)
        if not seen:
            is_over.set()
        return seen

    time = StageTime(None, FixedClock(NOON), lost)  # type: ignore[arg-type]

    async def act() -> None:
        await is_over.wait()

    time.start(act())
    await time.play()


async def test_what_an_act_raised_is_raised() -> None:
    time = StageTime(None, FixedClock(NOON))  # type: ignore[arg-type]

    async def act() -> None:
        raise TimeoutError("the act's own")

    time.start(act())
    with pytest.raises(TimeoutError, match="the act's own"):
        await time.play()
