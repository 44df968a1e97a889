"""docs/sop.md 1.3 to 1.5 and 1.9: a short order goes out in parts; the rest follows, or it is given up."""

import pytest
from temporalio.api.enums.v1 import EventType

from domain.case import Cause, Choice
from domain.order import Stage
from tests import builders
from tests.workflows.stories import given_up, split
from tests.workflows.world import World

pytestmark = pytest.mark.slow

ALL = 14400
ONE_PACK = 6800


async def test_what_is_there_goes_ahead_and_the_rest_waits_for_a_person(world: World) -> None:
    await world.send_ahead()
    assert world.content(1) == [("1", 1)]
    await world.case(Cause.OUT_OF_STOCK)
    assert await world.column("select detail from cases order by opened_at") == [
        "short of 1 x TEA-GREEN-250; 1 x TEA-GREEN-250 could go ahead",
        "short of 1 x TEA-GREEN-250; nothing could go ahead",
    ]
    assert await world.column("select choice from cases where settled_at is not null") == ["split"]
    assert (await world.outbound(), await world.in_stock()) == ([(1, world.key("push"), 1, False)], (1, 1))


async def test_the_rest_is_restocked_and_pushed_under_its_own_name_and_key(world: World) -> None:
    await split(world)
    assert await world.stage() == Stage.COMPLETED
    assert world.warehouse.accepted == [world.order_id.warehouse_reference(number) for number in (1, 2)]
    assert (world.content(1), world.content(2)) == ([("1", 1)], [("1", 1)])
    assert await world.outbound() == [(1, world.key("push"), 1, False), (2, world.key("push/2"), 1, False)]
    assert await world.in_stock() == (0, 0)
    assert await world.ledger() == [("captured", ALL)]
    assert await world.open_cases() == []


async def test_parcels_of_the_first_part_are_heard_while_the_rest_waits(world: World) -> None:
    await world.send_ahead()
    await world.part_leaves(1)
    await world.until_stage(Stage.PARTLY_SHIPPED)
    await world.part_leaves(1, delivered=True)
    await world.until_value("select delivered_at is not null from shipments", expected=True)
    assert await world.open_cases() == [Cause.OUT_OF_STOCK]
    await world.passes(days=30)
    assert await world.stage() == Stage.PARTLY_SHIPPED


async def test_nothing_to_split_is_a_case_again_and_what_comes_then_goes_ahead(world: World) -> None:
    await world.stocked(0)
    await world.place()
    await world.pay()
    await world.decide(Cause.OUT_OF_STOCK, Choice.SPLIT)
    await world.case(Cause.OUT_OF_STOCK)
    assert await world.column("select detail from cases where settled_at is null") == [
        "short of 2 x TEA-GREEN-250; nothing could go ahead"
    ]
    await world.stocked(1)
    await world.decide(Cause.OUT_OF_STOCK, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert world.content(1) == [("1", 1)]


async def test_a_rest_may_be_split_again(world: World) -> None:
    world.amend_order(lines=(builders.line(quantity=3),))
    await world.send_ahead()
    await world.case(Cause.OUT_OF_STOCK)
    await world.stocked(2)
    await world.decide(Cause.OUT_OF_STOCK, Choice.SPLIT)
    await world.until_accepted(2)
    await world.restock_the_rest()
    await world.until_accepted(3)
    assert [world.content(number) for number in (1, 2, 3)] == [[("1", 1)]] * 3
    for number in (2, 3, 1):
        await world.part_leaves(number, delivered=True)
    assert await world.end() is Stage.COMPLETED
    assert [row[:2] for row in await world.outbound()] == [
        (1, world.key("push")),
        (2, world.key("push/2")),
        (3, world.key("push/3")),
    ]


# The rest is given up


async def test_a_rest_that_is_given_up_is_due_back_and_the_order_ends_with_its_first_part(world: World) -> None:
    await given_up(world)
    assert await world.stage() == Stage.COMPLETED
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK)]
    assert await world.rows("select cause, subject from cases where settled_at is null") == [
        (Cause.REFUND_DUE, f"{world.order_id}/rest/1")
    ]
    assert await world.rows("select quantity, dropped from demands") == [(2, 1)]
    assert await world.rows("select quantity, shipped from reservations") == [(1, 1)]
    assert (await world.in_stock(), len(world.warehouse.calls)) == ((0, 0), 1)


async def test_a_rest_that_is_given_up_after_the_first_part_arrived_delivers_the_order(world: World) -> None:
    await world.send_ahead()
    await world.part_leaves(1, delivered=True)
    await world.until_stage(Stage.PARTLY_SHIPPED)
    assert await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL) is Stage.DELIVERED
    assert await world.end() is Stage.COMPLETED
    assert await world.ledger() == [("captured", ALL), ("refund_due", ONE_PACK)]


# The push of the rest


async def test_the_parcel_of_the_rest_may_overtake_the_answer_to_its_push(world: World) -> None:
    await world.second_push_under_way()
    await world.part_leaves(2)
    await world.part_leaves(1)
    await world.until_stage(Stage.SHIPPED)
    await world.until_event(EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
    world.warehouse.answers.set()
    for number in (1, 2):
        await world.part_leaves(number, delivered=True)
    assert await world.end() is Stage.COMPLETED
    assert [row[0] for row in await world.outbound()] == [1, 2]
    assert await world.open_cases() == []


async def test_a_parcel_of_the_first_part_does_not_answer_for_the_push_of_the_rest(world: World) -> None:
    await world.second_push_under_way()
    await world.part_leaves(1)
    await world.until_stage(Stage.PARTLY_SHIPPED)
    assert len(await world.outbound()) == 1
    world.warehouse.answers.set()
    await world.until_value("select count(outbound_no)::int from outbound_orders", expected=2)


@pytest.mark.parametrize("choice", [Choice.RETRY, Choice.SKIP, Choice.CANCEL])
async def test_an_outage_in_the_push_of_the_rest_is_decided_like_any_other(world: World, choice: Choice) -> None:
    await world.send_ahead()
    world.warehouse.silent = True
    await world.restock_the_rest()
    await world.passes(hours=2, minutes=1)
    await world.case(Cause.PUSH_FAILED)
    world.warehouse.silent = False
    more = {"second_person": "chen", "outside_shipment_no": "SF-9"} if choice is Choice.SKIP else {}
    await world.decide(Cause.PUSH_FAILED, choice, **more)
    if choice is Choice.CANCEL:
        assert await world.end() is Stage.CANCELLED
        assert await world.ledger() == [("captured", ALL), ("refund_due", ALL)]
        return
    await world.until_value("select count(*)::int from outbound_orders", expected=2)
    keys = {call.transaction_id for call in world.warehouse.calls if call.verb == "push"}
    assert keys == {world.key("push"), world.key("push/2")}
    assert len(world.warehouse.accepted) == (2 if choice is Choice.RETRY else 1)
    assert await world.column("select outside_shipment_no from outbound_orders order by number") == [
        None,
        "SF-9" if choice is Choice.SKIP else None,
    ]


async def test_a_rest_waits_on_through_a_restart_of_the_workers(world: World) -> None:
    await world.send_ahead()
    await world.case(Cause.OUT_OF_STOCK)
    await world.restart_workers()
    await world.restock_the_rest()
    await world.until_accepted(2)
    assert world.content(2) == [("1", 1)]


async def test_each_step_of_the_rest_that_crashes_after_its_effect_has_exactly_that_effect(world: World) -> None:
    await world.send_ahead()
    await world.case(Cause.OUT_OF_STOCK)
    steps = ("records.settle_case", "records.reserve_stock", "warehouse.push", "records.record_push")
    world.troubles.crash_once_after = set(steps)
    await world.restock_the_rest()
    await world.passes(minutes=1)
    await world.until_value("select count(*)::int from outbound_orders", expected=2)
    assert world.troubles.crash_once_after == set()
    assert (len(world.warehouse.accepted), await world.in_stock()) == (2, (2, 2))
    assert [row[:3] for row in await world.outbound()] == [(1, world.key("push"), 1), (2, world.key("push/2"), 1)]
    assert (await world.steps()).count("record_push") == 2
