"""docs/sop.md 9.4: goods that have to come back, from the waybill to the money."""

import pytest

from domain.case import Cause, Choice
from domain.money import Money
from domain.refund import Kind, RefundStage
from domain.refund_money import RefundRequest, Units
from domain.returns import ReturnedGoods
from ports.refunds import RefundView
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived
from tests.builders import yuan
from tests.workflows.refund_world import RefundWorld
from workflows.refund import RefundWorkflow

pytestmark = pytest.mark.slow
TWO = RefundRequest(units=(Units("1", 2),))


@pytest.fixture
def world(refund_world: RefundWorld) -> RefundWorld:
    return refund_world


async def approved(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask(TWO, kind=Kind.RETURN)
    await world.act("approve", "lin")
    await world.until_refund(RefundStage.AWAITING_RETURN)


async def send(world: RefundWorld) -> RefundView:
    fact = GoodsSent("r1", world.order_id, "ann", "sf", "SF-B1")
    view: RefundView = await world.refund.execute_update("send_goods", fact, result_type=RefundView)
    return view


async def receive(world: RefundWorld, good: int, damaged: int = 0) -> None:
    fact = ReturnReceived("r1", world.order_id, (ReturnedGoods("1", good, damaged),))
    await world.refund.signal(RefundWorkflow.return_received, fact)


async def on_hand(world: RefundWorld) -> int:
    (units,) = await world.column("select on_hand from stock where sku = 'TEA-GREEN-250'")
    return int(units)


async def test_goods_come_back_good_are_stock_again_and_the_money_follows(world: RefundWorld) -> None:
    await approved(world)
    before = await on_hand(world)
    assert (await send(world)).stage is RefundStage.RETURN_UNDER_WAY
    assert world.provider.refunded == {}
    await receive(world, 2)
    await receive(world, 2)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert [(each.waybill_no, each.lines[0].quantity) for each in world.warehouse.returns.values()] == [("SF-B1", 2)]
    assert await on_hand(world) == before + 2
    assert await world.column("select refunded_minor from order_money") == [13600]


async def test_the_window_closes_without_goods_and_the_ceiling_is_free_again(world: RefundWorld) -> None:
    await approved(world)
    await world.passes(days=7, seconds=1)
    assert await world.refund_ended() is RefundStage.RETURN_CLOSED
    assert (await world.ask(TWO, "r2")).amount == yuan("136.00")


@pytest.mark.parametrize("sent", [False, True])
async def test_the_buyer_keeps_his_goods_after_all(world: RefundWorld, sent: bool) -> None:  # noqa: FBT001
    world.troubles.crash_once_after = {"refunds.move_approval"}
    await approved(world)
    if sent:
        await send(world)
    assert await world.refused_to_act("withdraw", "lin") == "only ann can withdraw it; refuse it instead"
    assert (await world.act("withdraw", "ann", None)).stage is RefundStage.WITHDRAWN
    assert await world.refund_ended() is RefundStage.WITHDRAWN
    assert world.provider.refunded == {}
    assert (await world.ask(TWO, "r2")).amount == yuan("136.00")


async def test_what_was_withdrawn_with_its_goods_here_leaves_them_to_a_person(world: RefundWorld) -> None:
    await approved(world)
    await send(world)
    await receive(world, 1, damaged=1)
    await world.refund_case(Cause.RETURN_DAMAGED)
    await world.act("withdraw", "ann", None)
    assert await world.refund_ended() is RefundStage.WITHDRAWN
    assert await world.column("select cause from cases where settled_at is null") == ["unexpected_return"]


async def test_what_is_missing_is_deducted_and_signed_for_again(world: RefundWorld) -> None:
    world.troubles.crash_once_after = {"refunds.receive_return"}
    await approved(world)
    before = await on_hand(world)
    await send(world)
    await receive(world, 1)
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    assert await world.refused_to_act("approve", "lin", version=1)
    await world.act("approve", "lin", version=2)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.column("select refunded_minor from order_money") == [6800]
    assert await on_hand(world) == before + 1


@pytest.mark.parametrize(("off", "paid"), [({"1": yuan("20.00")}, 11600), ({}, 13600)])
async def test_damage_waits_for_a_person(world: RefundWorld, off: dict[str, Money], paid: int) -> None:
    await approved(world)
    await send(world)
    await receive(world, 1, damaged=1)
    await world.refund_case(Cause.RETURN_DAMAGED)
    assert world.provider.refunded == {}
    if off:
        fact = ReturnAssessed("r1", world.order_id, "lin", "a dent", off)
        await world.refund.execute_update("assess", fact, result_type=RefundView)
        await world.act("approve", "lin", version=2)
    else:
        await world.decide_refund(Cause.RETURN_DAMAGED, Choice.RETRY)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.column("select refunded_minor from order_money") == [paid]


async def test_a_parcel_that_does_not_arrive_is_looked_for_and_a_late_one_goes_on(world: RefundWorld) -> None:
    await approved(world)
    world.warehouse.silent = True
    await send(world)
    await world.passes(hours=3)
    await world.refund_case(Cause.RETURN_NOT_ANNOUNCED)
    world.warehouse.silent = False
    await world.decide_refund(Cause.RETURN_NOT_ANNOUNCED, Choice.RETRY)
    await world.passes(days=10)
    assert await world.column("select cause from cases where settled_at is null") == ["return_overdue"]
    await receive(world, 2)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.column("select cause from cases where settled_at is null") == []
