"""docs/sop.md 1: the straight way from payment to completion, and messages that come in another order."""

from datetime import timedelta

import pytest

from domain.case import Cause
from domain.order import Stage
from persistence.audit import first_bad_entry
from tests import builders
from tests.workflows.world import RECIPIENT, World

pytestmark = pytest.mark.slow


async def test_an_order_goes_its_whole_way(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    assert await world.reserved() == 2
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.steps() == [
        *("place", "record_payment", "record_push"),
        *("report_parcel", "report_parcel", "complete"),
    ]
    assert await world.ledger() == [("captured", 14400)]
    assert await world.rows("select on_hand, reserved from stock where sku = 'TEA-GREEN-250'") == [(998, 0)]
    assert await world.column("select cause from cases") == []
    async with world.record.connect() as db:
        assert await first_bad_entry(db, str(world.order_id)) is None


async def test_the_warehouse_gets_the_recipient_in_clear_under_one_key(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    (request,) = world.warehouse.outbound.values()
    assert request.recipient == RECIPIENT
    assert [(line.sku, line.quantity) for line in request.lines] == [("TEA-GREEN-250", 2)]
    assert request.transaction_id == f"order/{world.order_id}/push"
    assert await world.rows("select reference, transaction_id, outbound_no from outbound_orders") == [
        (request.reference, request.transaction_id, f"OUT-{request.reference}")
    ]


async def test_a_payment_that_comes_before_its_order_waits_for_it(world: World) -> None:
    await world.pay()
    await world.until_value("select matched from payments", expected=False)
    await world.place()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.ledger() == [("held_apart", 14400), ("matched", 14400)]


async def test_an_order_that_nobody_placed_is_a_case_after_half_an_hour_and_goes_on_when_it_comes(world: World) -> None:
    began = await world.now()
    await world.pay()
    await world.passes(minutes=29)
    assert await world.open_cases() == []
    await world.passes(minutes=2)
    await world.until_case(Cause.MESSAGE_WITHOUT_ORDER)
    opened = (await world.column("select opened_at from cases"))[0]
    assert timedelta(minutes=30) <= opened - began < timedelta(minutes=30, seconds=5)
    await world.place()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.open_cases() == []


async def test_a_parcel_and_an_address_that_come_before_the_order_are_not_lost(world: World) -> None:
    world.amend_order(address_gaps=("phone",))
    await world.report(builders.parcel())
    await world.amend_recipient()
    await world.pay()
    await world.place()
    await world.until_stage(Stage.SHIPPED)
    assert "amend_recipient" in await world.steps()


async def test_parcels_are_followed_each_on_its_own_in_any_order(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    for parcel_no, delivered, stage in (
        ("P-2", True, Stage.PARTLY_SHIPPED),
        ("P-1", False, Stage.PARTLY_DELIVERED),
        ("P-2", False, Stage.PARTLY_DELIVERED),
        ("P-1", True, Stage.DELIVERED),
    ):
        await world.report(builders.parcel(parcel_no, 1, delivered=delivered, at=await world.now()))
        await world.until_stage(stage)
    assert await world.end() is Stage.COMPLETED


async def test_an_order_completes_exactly_when_the_time_for_objections_has_passed(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.until_stage(Stage.DELIVERED)
    delivered = (await world.column("select delivered_at from shipments"))[0]
    await world.passes_until(delivered + timedelta(days=7, seconds=-1))
    assert await world.stage() == Stage.DELIVERED
    assert await world.end() is Stage.COMPLETED
    completed = (await world.column("select at from audit_log where step = 'complete'"))[0]
    assert timedelta(0) <= completed - delivered - timedelta(days=7) < timedelta(seconds=1)


async def test_fifty_copies_of_a_payment_are_one_payment_one_entry_and_one_step(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    fact = await world.pay()
    for _ in range(49):
        await world.tell(fact)
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.until_stage(Stage.SHIPPED)
    assert await world.column("select count(*) from payments") == [1]
    assert await world.ledger() == [("captured", 14400)]
    assert (await world.steps()).count("record_payment") == 1
    assert len(world.warehouse.calls) == 1
