"""docs/sop.md 5: what the record can't take becomes a case; the order goes on, or waits until it is mended."""

from dataclasses import replace

import pytest

from domain.case import Cause, Choice
from domain.money import Money
from domain.order import Stage
from tests import builders
from tests.workflows.world import World

pytestmark = pytest.mark.slow

MAP = """
    insert into sku_matches (channel, shop_id, platform_sku, version, components, valid_from)
    values ('shop', 'tea', 'NEW', {units}, '[{{"sku": "TEA-CUP", "quantity": {units}}}]', now())
"""


async def test_an_impossible_message_becomes_a_case_and_the_order_goes_on(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    nothing = replace(builders.capture(trade_no="odd"), amount=Money(0))
    await world.tell(world.fact_of(nothing))
    await world.until_case(Cause.IMPOSSIBLE_FACT)
    await world.pay()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.open_cases() == [Cause.IMPOSSIBLE_FACT]
    assert await world.ledger() == [("captured", 14400)]


async def test_an_order_that_can_not_be_is_a_case_and_its_number_stays_free_for_a_right_one(world: World) -> None:
    await world.tell(await world.placed(replace(world.order, plan=())))
    await world.until_case(Cause.IMPOSSIBLE_FACT)
    await world.go_to(Stage.AT_WAREHOUSE)


async def until_reserving_is_refused(world: World) -> None:
    """A bundle of no units was written by hand, past everything that looks at what is written."""
    world.amend_order(lines=(builders.line(sku="NEW"),))
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    await world.write(MAP.format(units=0))
    await world.pay()
    await world.case(Cause.STEP_REFUSED)


async def test_a_refused_step_goes_on_once_somebody_mended_what_was_wrong(world: World) -> None:
    await until_reserving_is_refused(world)
    await world.decide(Cause.STEP_REFUSED, Choice.RETRY)
    await world.case(Cause.STEP_REFUSED)
    await world.write(MAP.format(units=1))
    await world.decide(Cause.STEP_REFUSED, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.open_cases() == []


async def test_an_order_whose_step_is_refused_can_still_be_cancelled(world: World) -> None:
    await until_reserving_is_refused(world)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert await world.open_cases() == [Cause.REFUND_DUE]
