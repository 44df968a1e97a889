"""What a provider tells of a refund by itself: before our own answer, again, and long after the end."""

import pytest
from sqlalchemy import text

from domain.case import Cause
from domain.refund import RefundStage
from domain.refund_leg import RefundOutcome, Told
from ports.refunds import RefundTold
from runtime.refund_desk import RefundDesk
from tests.builders import yuan
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow


@pytest.fixture
def world(refund_world: RefundWorld) -> RefundWorld:
    return refund_world


async def told(world: RefundWorld, outcome: RefundOutcome, leg: int = 1) -> None:
    said = Told(outcome, "R-1", yuan("144.00"), world.clock.now())
    await RefundDesk(world.env.client).tell(RefundTold("r1", world.order_id, leg, said))


async def under_way(world: RefundWorld) -> None:
    """The provider has taken it, and says nothing more when it is asked."""
    world.provider.refund_script = [RefundOutcome.PROCESSING]
    world.provider.silent = True
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")

    async def asked() -> bool:
        return bool(world.provider.asked("refund"))

    await world.until(asked)


async def test_a_notice_before_our_own_answer_ends_the_refund_and_books_it_once(world: RefundWorld) -> None:
    await under_way(world)
    for _ in range(2):
        await told(world, RefundOutcome.DONE)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.column("select count(*) from ledger_entries where kind = 'refunded'") == [1]
    assert await world.column("select cause from cases") == []


async def test_a_notice_that_the_number_is_dead_brings_its_successor_at_once(world: RefundWorld) -> None:
    await under_way(world)
    await told(world, RefundOutcome.CLOSED)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert sorted(world.provider.refunded) == ["tea_1001_r1_2"]


async def test_a_word_that_is_taken_back_after_the_end_is_one_case_and_books_nothing(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.refund_ended()
    for outcome in (RefundOutcome.DONE, RefundOutcome.ABNORMAL, RefundOutcome.ABNORMAL):
        await told(world, outcome)
        handle = world.env.client.get_workflow_handle("refund/r1")
        await handle.result()
    assert await world.column("select cause from cases") == [Cause.REFUND_REVERSED]
    async with world.record.begin() as db:
        await db.execute(text("update cases set settled_at = now(), choice = 'close', decided_by = 'fang'"))
    await told(world, RefundOutcome.ABNORMAL)
    await world.env.client.get_workflow_handle("refund/r1").result()
    assert await world.column("select count(*) from cases") == [1]
    assert await world.column("select count(*) from ledger_entries where kind = 'refunded'") == [1]
