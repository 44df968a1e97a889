"""A refund that takes long: its history starts anew from the record, and nobody notices."""

from datetime import timedelta

import pytest

from domain.axis import AfterSale
from domain.case import Cause, Choice
from domain.refund import RefundStage
from domain.refund_leg import RefundOutcome
from tests.workflows.refund_world import RefundWorld

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_histories")]
DAY = timedelta(days=1)


async def run_id(world: RefundWorld) -> str | None:
    return (await world.refund.describe()).run_id


async def test_superiors_are_told_once_each_and_the_last_one_daily(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    await world.ask()
    first = await run_id(world)
    await world.passes(days=5, seconds=1)
    assert [(person, after // DAY) for person, after in await world.reminders()] == [
        ("fang", 1),
        *[("boss", day) for day in range(2, 6)],
    ]
    assert await run_id(world) != first
    await world.act("approve", "boss")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert sorted(world.provider.refunded) == ["tea_1001_r1_1"]

    async def the_order_knows() -> bool:
        return await world.column("select after_sale from orders") == [AfterSale.RESOLVED]

    await world.until(the_order_knows)


async def test_a_silent_provider_is_asked_with_the_same_number_in_every_history(refund_world: RefundWorld) -> None:
    refund_world.provider.refund_script = [RefundOutcome.UNKNOWN]
    refund_world.provider.silent = True
    world = await refund_world.arrived()
    await world.ask()
    first = await run_id(world)
    await world.act("approve", "lin")
    await world.passes(days=4)
    view = await world.refund_view()
    assert (view.stage, [case.cause for case in view.cases]) == (RefundStage.PAYING_BACK, [Cause.REFUND_UNCLEAR])
    assert await run_id(world) != first
    world.provider.silent = False
    await world.decide_refund(Cause.REFUND_UNCLEAR, Choice.RETRY)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert sorted(world.provider.refunded) == ["tea_1001_r1_1"]
    assert (await world.steps()).count("plan_refund") == 1
