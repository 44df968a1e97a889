"""Whole lives of an order, told from beginning to end."""

from collections.abc import Awaitable, Callable

from domain.case import Cause, Choice
from domain.order import Stage
from tests.workflows.world import World

Story = Callable[[World], Awaitable[object]]


async def straight(world: World) -> None:
    await world.pay()
    await world.until_running()
    await world.place()
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.end()


async def unpaid(world: World) -> None:
    await world.place()
    await world.end()


async def cancelled(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    await world.end()


async def cancelled_too_late(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    world.warehouse.gone.add(world.order_id.warehouse_reference())
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    await world.ship()
    await world.deliver()
    await world.end()


async def mended(world: World) -> None:
    world.amend_order(address_gaps=("phone",))
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await world.case(Cause.OUT_OF_STOCK)
    await world.write("update stock set on_hand = 2 where sku = 'TEA-GREEN-250'")
    await world.decide(Cause.OUT_OF_STOCK, Choice.RETRY)
    await world.case(Cause.ADDRESS_INCOMPLETE)
    await world.amend_recipient()
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.end()


async def short(world: World) -> None:
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    await world.end()


async def split(world: World) -> None:
    """What is there goes ahead and arrives; the rest is restocked, follows, and arrives."""
    await world.send_ahead()
    await world.part_leaves(1)
    await world.part_leaves(1, delivered=True)
    await world.restock_the_rest()
    await world.until_accepted(2)
    await world.part_leaves(2)
    await world.part_leaves(2, delivered=True)
    await world.end()


async def given_up(world: World) -> None:
    """The rest will not come."""
    await world.send_ahead()
    await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    await world.part_leaves(1)
    await world.part_leaves(1, delivered=True)
    await world.end()


async def cancelled_in_parts(world: World) -> None:
    """The first part had left when the buyer cancelled, the rest had not."""
    await world.send_ahead()
    await world.restock_the_rest()
    await world.until_value(f"select count(*) from outbound_orders where order_id = '{world.order_id}'", expected=2)
    await world.part_leaves(1)
    await world.until_stage(Stage.PARTLY_SHIPPED)
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    await world.part_leaves(1, delivered=True)
    await world.end()


async def refused(world: World) -> None:
    """The warehouse takes nothing for two hours, then refuses; goods leave all the same, under another's number."""
    world.warehouse.silent = True
    await world.go_to(Stage.PREPARING)
    await world.passes(hours=2, minutes=1)
    await world.case(Cause.PUSH_FAILED)
    world.warehouse.silent, world.warehouse.refusal = False, "address_rejected"
    await world.decide(Cause.PUSH_FAILED, Choice.RETRY)
    await world.decide(Cause.PUSH_REFUSED, Choice.SKIP, second_person="chen", outside_shipment_no="SF-9")
    await world.ship()
    await world.deliver()
    await world.end()


async def silent(world: World) -> None:
    """The provider says nothing for two hours; then the notice comes."""
    world.provider.silent = True
    await world.place()
    await world.passes(hours=2, minutes=3)
    await world.case(Cause.PROVIDER_SILENT)
    await world.pay()
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.cancel()
    await world.end()


async def late(world: World) -> None:
    """Money for an order that was closed: a run of its own."""
    await unpaid(world)
    await world.pay()
    await world.end()


STORIES: dict[str, Story] = {
    "straight": straight,
    "unpaid": unpaid,
    "cancelled": cancelled,
    "cancelled_too_late": cancelled_too_late,
    "mended": mended,
    "short": short,
    "split": split,
    "given_up": given_up,
    "cancelled_in_parts": cancelled_in_parts,
    "refused": refused,
    "silent": silent,
    "late": late,
}
