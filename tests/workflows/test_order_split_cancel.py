"""docs/sop.md 1.9: an order that went out in parts is cancelled; each outbound order is asked for itself."""

import pytest

from domain.case import Cause, Choice
from domain.order import Stage
from tests.workflows.world import World

pytestmark = pytest.mark.slow

ALL = 14400
ONE_PACK = 6800


async def test_what_was_given_up_is_not_due_again_when_the_order_is_cancelled(world: World) -> None:
    await world.send_ahead()
    await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK), ("refund_due", ALL - ONE_PACK)]
    assert (await world.in_stock(), world.warehouse.asked("stop") != []) == ((1, 0), True)


@pytest.mark.parametrize("left", [False, True], ids=["in time", "too late"])
async def test_cancelled_while_the_rest_waits(world: World, left: bool) -> None:  # noqa: FBT001 - a parameter of the test
    await world.send_ahead()
    await world.case(Cause.OUT_OF_STOCK)
    if left:
        world.warehouse.gone.add(world.order_id.warehouse_reference())
    await world.cancel()
    if left:
        await world.until_case(Cause.RETURN_REQUESTED)
        await world.part_leaves(1, delivered=True)
    assert await world.end() is (Stage.COMPLETED if left else Stage.CANCELLED)
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK if left else ALL)]
    assert len(world.warehouse.accepted) == 1
    assert [call.transaction_id for call in world.warehouse.calls if call.verb == "stop"] == [world.key("stop")]
    assert await world.in_stock() == (0 if left else 1, 0)


async def test_cancelled_after_the_first_part_left_without_a_word_nobody_is_asked_of_it(world: World) -> None:
    await world.send_ahead()
    await world.part_leaves(1)
    await world.until_stage(Stage.PARTLY_SHIPPED)
    await world.cancel()
    await world.part_leaves(1, delivered=True)
    assert await world.end() is Stage.COMPLETED
    assert world.warehouse.asked("stop") == []
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK)]
    assert await world.open_cases() == [Cause.REFUND_DUE, Cause.RETURN_REQUESTED]


@pytest.mark.parametrize(
    ("gone", "stage", "due", "stopped"),
    [
        ((), Stage.CANCELLED, [ALL], [True, True]),
        ((1,), Stage.COMPLETED, [ONE_PACK], [False, True]),
        ((2,), Stage.COMPLETED, [ONE_PACK], [True, False]),
        ((1, 2), Stage.COMPLETED, [], [False, False]),
    ],
    ids=["both are stopped", "the first had left", "the second had left", "both had left"],
)
async def test_each_outbound_order_at_the_warehouse_is_asked_for_itself(
    world: World, gone: tuple[int, ...], stage: Stage, due: list[int], stopped: list[bool]
) -> None:
    await world.send_ahead()
    await world.restock_the_rest()
    await world.until_value("select count(*)::int from outbound_orders", expected=2)
    world.warehouse.gone.update(world.order_id.warehouse_reference(number) for number in gone)
    await world.cancel()
    await world.until_value("select cancellation from orders", expected="too_late" if gone else "done")
    for number in gone:
        await world.part_leaves(number, delivered=True)
    assert await world.end() is stage
    assert {call.transaction_id for call in world.warehouse.calls if call.verb == "stop"} == {
        world.key("stop"),
        world.key("stop/2"),
    }
    assert [row[3] for row in await world.outbound()] == stopped
    assert await world.ledger() == [("captured", ALL), *(("refund_due", each) for each in due)]
    assert await world.in_stock() == (2 - len(gone), 0)


async def test_cancelled_while_the_push_of_the_rest_is_under_way_and_stopped(world: World) -> None:
    await world.second_push_under_way()
    world.warehouse.gone.add(world.order_id.warehouse_reference(1))
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    world.warehouse.answers.set()
    await world.part_leaves(1, delivered=True)
    assert await world.end() is Stage.COMPLETED
    assert world.warehouse.stopped == {world.order_id.warehouse_reference(2)}
    assert await world.outbound() == [(1, world.key("push"), 1, False)]
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK)]
    assert await world.in_stock() == (1, 0)


async def test_cancelled_while_the_push_of_the_rest_is_under_way_and_too_late(world: World) -> None:
    await world.second_push_under_way()
    world.warehouse.gone.update(world.order_id.warehouse_reference(number) for number in (1, 2))
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    world.warehouse.answers.set()
    for number in (1, 2):
        await world.part_leaves(number, delivered=True)
    assert await world.end() is Stage.COMPLETED
    assert [row[:2] for row in await world.outbound()] == [(1, world.key("push")), (2, world.key("push/2"))]
    assert await world.ledger() == [("captured", ALL)]
    assert await world.in_stock() == (0, 0)
