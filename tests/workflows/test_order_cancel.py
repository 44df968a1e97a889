"""docs/sop.md 1.9: a cancellation, and the race with the warehouse's hands."""

import pytest

from domain.case import Cause, Choice
from domain.order import Stage
from tests.workflows.world import World

pytestmark = pytest.mark.slow


async def test_before_payment_the_trade_is_closed_and_nothing_is_due(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert world.provider.closed == [world.order_id.out_trade_no(1, 1)]
    assert (world.warehouse.calls, await world.ledger(), await world.open_cases()) == ([], [], [])


async def test_a_wish_that_comes_before_its_order_cancels_it_when_it_comes(world: World) -> None:
    await world.cancel()
    await world.until_running()
    await world.place()
    assert await world.end() is Stage.CANCELLED


async def test_an_order_and_its_cancellation_may_come_in_one_breath(world: World) -> None:
    await world.stop_workers()
    await world.place()
    await world.cancel()
    await world.pay()
    await world.start_workers()
    assert await world.end() is Stage.CANCELLED
    assert world.warehouse.accepted == []
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert await world.reserved() == 0


async def test_a_buyer_who_cancels_and_pays_at_the_last_moment_gets_the_money_back(world: World) -> None:
    world.provider.before_close = world.capture
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert world.warehouse.accepted == []


async def test_between_payment_and_push_nothing_is_pushed(world: World) -> None:
    world.amend_order(address_gaps=("phone",))
    await world.place()
    await world.pay()
    await world.case(Cause.ADDRESS_INCOMPLETE)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert world.warehouse.asked("push") == []
    assert await world.reserved() == 0
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert await world.open_cases() == [Cause.REFUND_DUE]


async def test_during_an_outage_the_warehouse_is_asked_to_stop_and_the_push_ends(world: World) -> None:
    world.warehouse.silent = True
    await world.go_to(Stage.PREPARING)
    await world.passes(minutes=5)
    await world.cancel()
    await world.until_called("stop")
    world.warehouse.silent = False
    assert await world.end() is Stage.CANCELLED
    pushed = len(world.warehouse.asked("push"))
    await world.passes(hours=3)
    assert len(world.warehouse.asked("push")) == pushed
    assert world.warehouse.accepted == []


async def test_a_push_that_arrives_after_the_stop_has_no_effect(world: World) -> None:
    world.warehouse.answers.clear()
    await world.place()
    await world.pay()
    await world.until_accepted()
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    world.warehouse.answers.set()
    assert await world.column("select count(*) from outbound_orders") == [0]
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert await world.reserved() == 0


async def test_after_the_push_in_time_the_goods_stay(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    assert await world.end() is Stage.CANCELLED
    assert len(world.warehouse.asked("stop")) == 1
    assert await world.reserved() == 0
    assert await world.open_cases() == [Cause.REFUND_DUE]


@pytest.mark.parametrize("known", [True, False], ids=["shipped message came", "only the warehouse knows"])
async def test_too_late_it_becomes_a_return_and_the_order_goes_on(world: World, known: bool) -> None:  # noqa: FBT001 - a parameter of the test
    await world.go_to(Stage.AT_WAREHOUSE)
    world.warehouse.gone.add(world.order_id.warehouse_reference())
    if known:
        await world.ship()
        await world.until_stage(Stage.SHIPPED)
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    assert len(world.warehouse.asked("stop")) == (0 if known else 1)
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.rows("select cancellation, after_sale from orders") == [("too_late", "requested")]
    assert await world.ledger() == [("captured", 14400)]


async def test_a_wish_during_the_time_for_objections_is_a_return_and_does_not_delay_completion(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.ship()
    await world.deliver()
    await world.until_stage(Stage.DELIVERED)
    await world.cancel()
    await world.cancel()
    assert await world.end() is Stage.COMPLETED
    assert await world.open_cases() == [Cause.RETURN_REQUESTED]


async def test_a_warehouse_that_cannot_be_asked_to_stop_is_a_case_and_a_retry_decides(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    world.warehouse.silent = True
    await world.cancel()
    await world.passes(hours=2, minutes=1)
    await world.case(Cause.STOP_FAILED)
    world.warehouse.silent = False
    await world.decide(Cause.STOP_FAILED, Choice.RETRY)
    assert await world.end() is Stage.CANCELLED


async def test_goods_that_leave_answer_the_question_whether_they_were_stopped(world: World) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    world.warehouse.silent = True
    await world.cancel()
    await world.passes(hours=2, minutes=1)
    await world.case(Cause.STOP_FAILED)
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.open_cases() == [Cause.RETURN_REQUESTED]
