"""The brake in virtual time: what waits for it goes out once, with the number it had."""

import pytest

from domain.brake import Said
from domain.refund import RefundStage
from persistence import brake
from ports.errors import Unavailable
from ports.payments import RefundAnswer, RefundOrder
from tests.workflows.refund_world import RefundWorld
from workflows import identity
from workflows.refund import RefundWorkflow
from workflows.refund_messages import RefundStart

pytestmark = pytest.mark.slow


async def stop(world: RefundWorld) -> None:
    async with world.record.begin() as db:
        await brake.stop(db, Said("fang", "a leaked key", world.clock.now()))


async def release(world: RefundWorld) -> None:
    for by in ("lin", "boss"):
        async with world.record.begin() as db:
            await brake.resume(db, Said(by, "it was mended", world.clock.now()))


def asked(world: RefundWorld) -> list[str]:
    return [call.verb for call in world.provider.calls if "refund" in call.verb]


async def test_a_refund_waits_while_all_money_is_stopped_and_goes_back_once_with_its_number(
    refund_world: RefundWorld,
) -> None:
    world = refund_world
    await stop(world)
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.passes(minutes=10)
    view = await world.refund_view()
    assert (view.stage, [each.leg.held for each in view.legs]) == (RefundStage.APPROVED, ["stop"])
    assert asked(world) == []
    # A long wait begins anew from the record.
    await world.refund.terminate()
    begun = await world.env.client.start_workflow(
        RefundWorkflow.run,
        RefundStart(None, "r1", world.order_id),
        id=identity.refund_workflow_id("r1"),
        task_queue=identity.REFUNDS,
    )
    await world.passes(minutes=5)
    await release(world)
    assert (await begun.result()).stage is RefundStage.PAID_BACK
    assert asked(world) == ["refund"]
    assert sorted(world.provider.refunded) == ["tea_1001_r1_1"]

    async def order_knows() -> bool:
        return await world.column("select after_sale from orders") == ["resolved"]

    await world.until(order_knows)


async def test_a_call_that_found_nobody_is_not_repeated_once_all_money_is_stopped(
    refund_world: RefundWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = refund_world

    async def away(order: RefundOrder) -> RefundAnswer:
        raise Unavailable(order.provider)

    monkeypatch.setattr(world.provider, "refund", away)
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.passes(minutes=1)
    await stop(world)
    monkeypatch.undo()
    await world.passes(minutes=30)
    assert "refund" not in asked(world)
    assert [each.leg.held for each in (await world.refund_view()).legs] == ["stop"]
    await release(world)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert sorted(world.provider.refunded) == ["tea_1001_r1_1"]
