"""docs/sop.md 1.2: a deposit and a balance, each with a window of its own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.order import Kind, Stage
from tests import builders
from tests.workflows.seen import minutes_after
from tests.workflows.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def presale(world: World) -> World:
    """The deposit within half an hour, the balance within a day."""
    order = builders.order(world.order_id, placed_at=world.order.placed_at, parts=2, kind=Kind.PRESALE)
    deposit, balance = order.plan
    balance = replace(balance, pay_until=order.placed_at + timedelta(days=1))
    world.order = replace(order, plan=(deposit, balance))
    return world


async def test_a_presale_is_pushed_when_its_balance_is_paid(presale: World) -> None:
    await presale.place()
    await presale.pay(part=1)
    await presale.until_stage(Stage.PARTLY_PAID)
    await presale.passes(hours=1)
    assert presale.warehouse.calls == []
    await presale.pay(part=2)
    await presale.until_stage(Stage.AT_WAREHOUSE)
    assert await presale.ledger() == [("captured", 7200), ("captured", 7200)]


async def test_each_part_is_asked_about_from_the_moment_it_could_be_paid(presale: World) -> None:
    await presale.place()
    await presale.passes(minutes=3)
    paid = await presale.pay(part=1)
    assert await presale.end() is Stage.CLOSED_UNPAID
    out_numbers = [call.subject.removeprefix("tea_") for call in presale.provider.calls]
    no = presale.order_id.order_no
    assert out_numbers == [f"{no}_1", *[f"{no}_2"] * 12]
    asked = minutes_after(paid.capture.paid_at, presale.provider.asked()[1:-1])
    assert asked == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]


async def test_an_unpaid_balance_closes_the_order_and_the_deposit_is_due_back(presale: World) -> None:
    await presale.place()
    await presale.pay(part=1)
    assert await presale.end() is Stage.CLOSED_UNPAID
    assert presale.provider.closed == [presale.order_id.out_trade_no(2, 2)]
    assert await presale.ledger() == [("captured", 7200), ("refund_due", 7200)]
    assert await presale.open_cases() == ["refund_due"]


async def test_an_unpaid_deposit_closes_the_order(presale: World) -> None:
    await presale.place()
    assert await presale.end() is Stage.CLOSED_UNPAID
    assert presale.provider.closed == [presale.order_id.out_trade_no(1, 2)]


async def test_a_balance_that_is_paid_first_waits_for_the_deposit(presale: World) -> None:
    await presale.place()
    await presale.pay(part=2)
    await presale.until_stage(Stage.PARTLY_PAID)
    await presale.pay(part=1)
    await presale.until_stage(Stage.AT_WAREHOUSE)
