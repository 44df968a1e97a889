"""docs/sop.md 1.2: no notice comes. The provider is asked, and at the end of the window the trade is closed."""

from datetime import timedelta

import pytest

from domain.case import Cause, Choice
from domain.order import Stage
from tests import builders
from tests.builders import yuan
from tests.workflows.seen import minutes_after
from tests.workflows.world import World

pytestmark = pytest.mark.slow


async def test_the_provider_is_asked_at_doubling_intervals_and_when_the_window_ends(world: World) -> None:
    await world.place()
    assert await world.end() is Stage.CLOSED_UNPAID
    assert minutes_after(world.order.placed_at, world.provider.asked()) == [2, 4, 8, 16, 30]
    assert minutes_after(world.order.placed_at, world.provider.asked("close")) == [30]


async def test_a_paid_trade_that_nobody_told_us_of_goes_on_as_if_by_notice(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    world.capture()
    await world.passes(minutes=2, seconds=1)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.rows("select source, matched from payments") == [("query", True)]
    assert len(world.provider.calls) == 1


async def test_the_notice_that_follows_the_answer_changes_nothing(world: World) -> None:
    await world.place()
    fact = world.fact_of(world.capture())
    await world.passes(minutes=2, seconds=1)
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.tell(fact)
    await world.ship()
    await world.until_stage(Stage.SHIPPED)
    assert await world.ledger() == [("captured", 14400)]
    assert await world.column("select count(*) from cases") == [0]


async def test_an_unpaid_order_is_closed_at_the_provider_first_and_frees_only_what_it_reserved(world: World) -> None:
    await world.write("update shops set reserve_on_order = true")
    await world.write("update stock set reserved = 5 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    assert await world.reserved() == 7
    assert await world.end() is Stage.CLOSED_UNPAID
    assert world.provider.closed == [world.order_id.out_trade_no(1, 1)]
    assert await world.reserved() == 5
    assert await world.ledger() == []
    assert await world.open_cases() == []
    assert world.warehouse.calls == []


async def test_an_order_that_reserves_only_when_paid_frees_nothing(world: World) -> None:
    await world.write("update stock set reserved = 5 where sku = 'TEA-GREEN-250'")
    await world.place()
    assert await world.end() is Stage.CLOSED_UNPAID
    assert await world.reserved() == 5


async def test_a_buyer_who_pays_at_the_last_moment_gets_the_goods(world: World) -> None:
    world.provider.before_close = world.capture
    await world.place()
    await world.passes(minutes=31)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.rows("select source, matched from payments") == [("query", True)]
    assert world.provider.closed == []


@pytest.mark.parametrize("when", ["in the window", "at its very end"])
async def test_another_amount_closes_the_order_and_is_due_back_without_endless_asking(world: World, when: str) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    if when == "in the window":
        world.capture(yuan("1.00"))
    else:
        world.provider.before_close = lambda: world.capture(yuan("1.00"))
    assert await world.end() is Stage.CLOSED_UNPAID
    assert await world.ledger() == [("held_apart", 100), ("refund_due", 100)]
    assert await world.open_cases() == [Cause.AMOUNT_MISMATCH, Cause.REFUND_DUE]
    assert len(world.provider.calls) == 7


async def test_a_silent_provider_is_a_case_after_two_hours_and_a_retry_goes_on(world: World) -> None:
    world.provider.silent = True
    await world.place()
    await world.passes(hours=2, minutes=3)
    await world.case(Cause.PROVIDER_SILENT)
    (error, attempts, at) = (await world.rows("select last_error, attempts, opened_at from cases"))[0]
    assert error == "alipay gave no answer"
    assert attempts == len(world.provider.calls)
    assert timedelta(hours=1, minutes=50) < at - world.order.placed_at <= timedelta(hours=2, minutes=3)
    await world.passes(days=1)
    assert attempts == len(world.provider.calls)
    world.provider.silent = False
    await world.decide(Cause.PROVIDER_SILENT, Choice.RETRY)
    assert await world.end() is Stage.CLOSED_UNPAID
    assert len(world.provider.calls) - attempts == 3  # the question, the one for the end of the window, the close


async def test_a_notice_settles_the_case_of_a_silent_provider_by_itself(world: World) -> None:
    world.provider.silent = True
    await world.place()
    await world.passes(hours=2, minutes=3)
    await world.case(Cause.PROVIDER_SILENT)
    await world.pay()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.rows("select choice, decided_by from cases") == [("close", "workflow")]


async def test_a_notice_settles_a_question_that_is_still_being_tried(world: World) -> None:
    world.provider.silent = True
    await world.place()
    await world.passes(minutes=10)
    await world.pay()
    await world.until_stage(Stage.AT_WAREHOUSE)
    asked = len(world.provider.calls)
    await world.passes(hours=3)
    assert len(world.provider.calls) == asked
    assert await world.column("select cause from cases") == []


async def test_an_order_that_is_told_late_is_asked_about_at_once_and_not_for_each_moment_missed(world: World) -> None:
    world.order = builders.order(world.order_id, placed_at=world.order.placed_at - timedelta(minutes=25))
    await world.place()
    assert await world.end() is Stage.CLOSED_UNPAID
    assert minutes_after(world.order.placed_at, world.provider.asked()) == [25, 30]
