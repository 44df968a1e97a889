"""What the Temporal Web UI shows by itself, and how long a history gets."""

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType

from domain.case import Cause, Choice
from domain.order import Stage
from runtime.temporal import data_converter
from tests.workflows.world import PAYLOAD_KEYS, World
from workflows import identity

pytestmark = pytest.mark.slow

EVENTS_UNTIL_PUSHED = 26
EVENTS_UNTIL_COMPLETED = 50


async def shown(world: World) -> tuple[Any, Any]:
    """Stage and needs-attention, as lists in the Web UI filter by."""
    values = (await world.handle.describe()).typed_search_attributes
    return values.get(identity.STAGE), values.get(identity.NEEDS_ATTENTION)


async def until_shown(world: World, stage: Stage, *, attention: bool) -> None:
    async def agrees() -> bool:
        return await shown(world) == (stage, attention)

    await world.until(agrees)


async def details(world: World) -> str:
    """The current details, as the Web UI asks for them."""
    metadata: Any = await world.handle.query("__temporal_workflow_metadata")
    return str(metadata["currentDetails"] if isinstance(metadata, dict) else metadata.current_details)


async def test_at_each_rest_the_search_attributes_tell_the_stage(world: World) -> None:
    await world.place()
    await until_shown(world, Stage.AWAITING_PAYMENT, attention=False)
    await world.pay()
    await until_shown(world, Stage.AT_WAREHOUSE, attention=False)
    await world.ship()
    await until_shown(world, Stage.SHIPPED, attention=False)
    await world.deliver()
    await until_shown(world, Stage.DELIVERED, attention=False)
    await world.end()
    assert await shown(world) == (Stage.COMPLETED, False)


async def test_attention_is_wanted_while_a_case_is_open_and_no_longer(world: World) -> None:
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await until_shown(world, Stage.PAID, attention=True)
    await world.write("update stock set on_hand = 2 where sku = 'TEA-GREEN-250'")
    await world.decide(Cause.OUT_OF_STOCK, Choice.RETRY)
    await until_shown(world, Stage.AT_WAREHOUSE, attention=False)


async def test_a_run_for_a_late_message_shows_how_the_order_ended(world: World) -> None:
    await world.place()
    await world.end()
    await world.pay()
    await world.end()
    assert await shown(world) == (Stage.CLOSED_UNPAID, True)


async def test_the_details_say_in_words_of_the_sop_what_the_order_waits_for(world: World) -> None:
    await world.pay()
    assert "only a message about it" in await details(world)
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    case_id = await world.case(Cause.OUT_OF_STOCK)
    told = await details(world)
    assert "**paid**, 144.00 CNY: waits for 1.3 stock" in told
    assert f"case `{case_id}` out of stock: warehouse should restock and retry" in told


async def test_the_history_of_a_straight_order_stays_within_its_budget(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await until_shown(world, Stage.AT_WAREHOUSE, attention=False)
    assert len(await world.history()) <= EVENTS_UNTIL_PUSHED
    await world.ship()
    await until_shown(world, Stage.SHIPPED, attention=False)
    await world.deliver()
    await world.end()
    assert len(await world.history()) <= EVENTS_UNTIL_COMPLETED


async def test_timers_say_what_they_wait_for(world: World) -> None:
    await world.place()
    await world.until_event(EventType.EVENT_TYPE_TIMER_STARTED)
    codec = data_converter(PAYLOAD_KEYS)
    sealed: list[Payload] = [
        event.user_metadata.summary
        async for event in world.handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED
    ]
    assert await codec.decode(sealed) == ["1.2 payment"]
