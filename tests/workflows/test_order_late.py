"""docs/sop.md 1.2 and 1.9: what comes after an order has ended starts a run that ends by itself."""

import pytest

from domain.case import Cause
from domain.order import Stage
from tests.workflows.world import World

pytestmark = pytest.mark.slow


async def test_money_that_comes_after_the_order_was_closed_is_due_back(world: World) -> None:
    await world.place()
    assert await world.end() is Stage.CLOSED_UNPAID
    before = await world.run_id()
    await world.pay()
    assert await world.end() is Stage.CLOSED_UNPAID
    assert await world.run_id() != before
    assert await world.open_cases() == [Cause.PAID_AFTER_CLOSE]
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert world.warehouse.calls == []
    assert await world.reserved() == 0


async def test_late_repeats_after_completion_change_nothing(world: World) -> None:
    await world.place()
    fact = await world.pay()
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.end()
    steps, ledger = await world.steps(), await world.ledger()
    for _ in range(3):
        await world.tell(fact)
    await world.deliver()
    await world.place()
    await world.amend_recipient()
    assert await world.end() is Stage.COMPLETED
    assert [step for step in await world.steps() if step != "amend_recipient"] == steps
    assert await world.ledger() == ledger
    assert await world.open_cases() == []


async def test_a_wish_to_cancel_after_completion_is_a_return(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.end()
    await world.cancel()
    assert await world.end() is Stage.COMPLETED
    assert await world.open_cases() == [Cause.RETURN_REQUESTED]
    assert len(world.warehouse.asked("stop")) == 0


async def test_a_parcel_that_leaves_a_cancelled_order_is_a_case(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    await world.end()
    await world.ship()
    assert await world.end() is Stage.CANCELLED
    assert await world.open_cases() == [Cause.REFUND_DUE, Cause.UNEXPECTED_PARCEL]
