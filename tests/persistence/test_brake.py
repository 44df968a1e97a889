"""The brake in the record: a leg that is about to go out reads it in its own transaction."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.brake import Brake, Said
from domain.errors import BrakeRefused
from domain.refund import RefundStage
from domain.refund_leg import LegState, RefundOutcome
from persistence import brake
from persistence.audit import INSTALLATION, first_bad_entry
from persistence.brake import PostgresBrake, Waiting
from ports.refunds import RefundView
from tests.builders import NOON, yuan
from tests.persistence.test_refunds import Desk, about

pytestmark = pytest.mark.slow


class Brakes(Desk):
    """The desk, with people at the brake."""

    async def stop(self, by: str = "fang") -> Brake:
        async with self.record.begin() as db:
            return await brake.stop(db, Said(by, "a leaked key", NOON))

    async def resume(self, by: str) -> Brake:
        async with self.record.begin() as db:
            return await brake.resume(db, Said(by, "it was mended", NOON))

    async def released(self) -> None:
        await self.resume("lin")
        assert not (await self.resume("boss")).is_on

    async def waiting(self) -> tuple[Waiting, ...]:
        async with self.record.connect() as db:
            return await brake.waiting(db)


@pytest.fixture
async def desk(record: AsyncEngine) -> Brakes:
    opened = Brakes(record)
    await opened.delivered()
    return opened


def legs(view: RefundView) -> list[tuple[str, LegState, str | None]]:
    return [(each.leg.out_refund_no, each.leg.state, each.leg.held) for each in view.legs]


async def test_while_all_money_is_stopped_a_leg_waits_with_its_number_and_nothing_fails(desk: Brakes) -> None:
    await desk.open()
    await desk.stop()
    for _ in range(2):
        view = await desk.asked()
        assert legs(view) == [("tea_1001_r1_1", LegState.PLANNED, "stop")]
        assert (view.stage, view.open_cases) == (RefundStage.APPROVED, 0)
    assert await desk.waiting() == (Waiting("stop", 1, yuan("144.00")),)
    assert await desk.value("select count(*) from audit_log where step = 'hold_leg'") == 1
    await desk.released()
    assert legs(await desk.refunds.ask_leg(about("r1", 1))) == [("tea_1001_r1_1", LegState.ASKED, None)]
    assert await desk.waiting() == ()


async def test_what_a_provider_was_told_before_is_heard_while_all_money_is_stopped(desk: Brakes) -> None:
    await desk.open()
    await desk.asked()
    await desk.stop()
    view = await desk.refunds.ask_leg(about("r1", 1))  # a repeat: it may have moved money, and is not asked again
    assert legs(view) == [("tea_1001_r1_1", LegState.ASKED, "stop")]
    view = await desk.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("144.00"), at=NOON)
    assert (view.stage, legs(view)) == (RefundStage.PAID_BACK, [("tea_1001_r1_1", LegState.DONE, None)])


async def test_no_call_goes_out_while_it_is_on(desk: Brakes, record: AsyncEngine) -> None:
    calls = PostgresBrake(record)
    assert not await calls.is_on()
    await desk.stop()
    assert await calls.is_on()
    await desk.resume("lin")
    assert await calls.is_on()
    await desk.resume("boss")
    assert not await calls.is_on()


async def test_the_same_person_twice_releases_nothing_also_in_the_database(desk: Brakes) -> None:
    await desk.stop()
    await desk.resume("lin")
    with pytest.raises(BrakeRefused, match="second person"):
        await desk.resume("lin")
    with pytest.raises(IntegrityError, match="released_by_two"):
        await desk.run("update money_stops set released_by = 'lin', released_reason = 'x', released_at = now()")


async def test_of_two_who_ask_at_once_both_count_and_of_two_stops_one_stands(desk: Brakes) -> None:
    said = await asyncio.gather(desk.stop("fang"), desk.stop("boss"))
    assert len({each.stop for each in said}) == 1
    assert await desk.value("select count(*) from cases where cause = 'money_stopped' and settled_at is null") == 1
    after = await asyncio.gather(desk.resume("lin"), desk.resume("boss"))
    assert sorted(each.is_on for each in after) == [False, True]


async def test_a_further_stop_takes_the_release_back(desk: Brakes) -> None:
    await desk.stop()
    await desk.resume("lin")
    await desk.stop("boss")
    assert (await desk.resume("boss")).is_on


async def test_it_is_a_case_until_it_is_released_and_the_log_tells_who(desk: Brakes) -> None:
    await desk.stop()
    assert await desk.value("select detail from cases") == "fang stopped all money: a leaked key"
    await desk.released()
    assert await desk.value("select decided_by from cases where settled_at is not null") == "boss"
    steps = "select string_agg(actor || ' ' || step, ', ' order by seq) from audit_log where order_id = 'installation'"
    assert await desk.value(steps) == "fang stop_money, lin ask_to_resume_money, boss resume_money"
    async with desk.record.connect() as db:
        assert await first_bad_entry(db, INSTALLATION) is None
