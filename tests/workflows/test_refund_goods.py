"""docs/sop.md 9.2: goods that have not left are stopped before anybody decides on the money."""

import pytest

from domain.case import Cause, Choice
from domain.order import Stage
from domain.refund import RefundStage
from tests.builders import yuan
from tests.workflows.refund_stories import ONE, refund_goods_stopped
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow


@pytest.fixture
def world(refund_world: RefundWorld) -> RefundWorld:
    return refund_world


async def test_a_part_is_stopped_the_rest_is_pushed_again_and_the_money_goes_back_once(world: RefundWorld) -> None:
    await refund_goods_stopped(world)
    assert (await world.refund_view()).stage is RefundStage.PAID_BACK
    assert [order.amount for order in world.provider.refunded.values()] == [yuan("68.00")]
    first, second = world.order_id.warehouse_reference(), world.order_id.warehouse_reference(2)
    assert world.warehouse.stopped == {first}
    await world.until_accepted(2)
    assert [line.quantity for line in world.warehouse.outbound[second].lines] == [1]
    assert await world.ledger() == [("captured", 14400), ("refund_due", 6800), ("refunded", 6800)]
    assert await world.column("select refund_due_minor from order_money") == [0]
    assert await world.reserved() == 1
    await world.part_leaves(2)
    await world.until_stage(Stage.SHIPPED)


async def test_all_of_it_is_stopped_also_while_the_warehouse_is_silent_at_first(world: RefundWorld) -> None:
    await world.at_warehouse()
    world.warehouse.silent = True
    assert (await world.ask()).stage is RefundStage.STOPPING_GOODS
    await world.passes(hours=3)
    await world.case(Cause.STOP_FAILED)
    assert world.provider.refunded == {}
    world.warehouse.silent = False
    await world.decide(Cause.STOP_FAILED, Choice.RETRY)
    assert await world.end() is Stage.CANCELLED
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.column("select refunded_minor from order_money") == [14400]
    assert await world.open_cases() == []


async def test_what_left_first_has_to_come_back_before_any_money_does(world: RefundWorld) -> None:
    await world.at_warehouse()
    world.warehouse.gone.add(world.order_id.warehouse_reference())
    await world.ask()
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.act("approve", "lin")
    await world.until_refund(RefundStage.AWAITING_RETURN)
    assert world.provider.refunded == {}
    await world.ship()
    await world.until_stage(Stage.SHIPPED)


async def test_a_refusal_after_the_stop_leaves_the_money_due_with_a_person(world: RefundWorld) -> None:
    await world.at_warehouse()
    await world.ask(ONE)
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.act("refuse", "lin", reason="he ordered it twice")
    assert await world.refund_ended() is RefundStage.REFUSED
    assert await world.column("select cause from cases where settled_at is null") == ["refund_due"]


@pytest.mark.parametrize("step", ["records.stop_goods", "refunds.hear_of_goods", "warehouse.stop"])
async def test_a_worker_that_dies_after_its_effect_stops_and_pays_once(world: RefundWorld, step: str) -> None:
    world.troubles.crash_once_after = {step}
    await refund_goods_stopped(world)
    assert [order.amount for order in world.provider.refunded.values()] == [yuan("68.00")]
    assert await world.ledger() == [("captured", 14400), ("refund_due", 6800), ("refunded", 6800)]
