"""Money that is due back goes back by itself: once, by the trade that brought it, and up to the policy's limit."""

from dataclasses import replace

import pytest

from domain.axis import AfterSale
from domain.order import Stage
from domain.people import BY_ITSELF
from domain.refund import Asking, Basis, RefundStage
from persistence.people import save_people
from ports.refunds import RefundAsked
from tests.builders import yuan
from tests.workflows.refund_world import STAFF, RefundWorld
from workflows import identity
from workflows.refund import RefundWorkflow
from workflows.refund_messages import RefundStart

pytestmark = pytest.mark.slow

TRIES_BEFORE_A_TIMER = 7  # from then on a step that fails leaves its workflow free to hear


@pytest.fixture
def world(refund_world: RefundWorld) -> RefundWorld:
    return refund_world


def due_id(world: RefundWorld) -> str:
    return identity.due_refund_id(world.order_id, 1)


async def back(world: RefundWorld, stage: RefundStage = RefundStage.PAID_BACK) -> None:
    async def reached() -> bool:
        return await world.column("select stage from refunds") == [stage]

    await world.until(reached)


async def settled(world: RefundWorld) -> None:
    async def none_left() -> bool:
        return await world.column("select count(*) from cases where settled_at is null") == [0]

    await world.until(none_left)


async def test_what_a_cancelled_order_was_paid_goes_back_by_itself_and_its_case_settles(world: RefundWorld) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    await back(world)
    await settled(world)
    assert await world.rows("select cause, decided_by from cases") == [("refund_due", "workflow")]
    assert [each.amount for each in world.provider.refunded.values()] == [yuan("144.00")]
    assert await world.rows("select policy, approval, applicant from refunds") == [("refunds@0", None, "lockstep")]
    assert await world.column("select after_sale from orders") == [AfterSale.RESOLVED]
    assert await world.rows("select refund_due_minor, refunded_minor from order_money") == [(0, 14400)]


async def test_a_second_payment_goes_back_by_its_own_trade_while_the_order_goes_on(world: RefundWorld) -> None:
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.tell(world.fact_of(replace(world.capture(), trade_no="T-again")))
    await back(world)
    await settled(world)
    assert [each.trade_no for each in world.provider.refunded.values()] == ["T-again"]
    assert await world.column("select stage from orders") == [Stage.AT_WAREHOUSE]
    assert await world.rows("select cause, decided_by from cases") == [("surplus_payment", "workflow")]


@pytest.mark.parametrize("step", ["records.due_back", "refunds.open", "refunds.approve_by_policy", "payments.refund"])
async def test_however_often_a_worker_dies_it_is_one_refund(world: RefundWorld, step: str) -> None:
    world.troubles.crash_once_after = {step}
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    await back(world)
    await settled(world)
    assert len(world.provider.refunded) == 1


async def test_what_comes_while_an_ended_order_looks_what_is_due_is_booked_and_goes_back(world: RefundWorld) -> None:
    world.troubles.away = "records.due_back"
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()

    async def waits() -> bool:
        return world.troubles.refused["records.due_back"] >= TRIES_BEFORE_A_TIMER

    await world.until(waits)
    await world.tell(world.fact_of(replace(world.capture(yuan("10.00")), trade_no="T-again")))
    world.troubles.away = None
    await world.passes(minutes=1)

    async def gone() -> bool:
        return await world.column("select refunded_minor from order_money") == [15400]

    await world.until(gone)
    await settled(world)


async def test_who_finds_its_refund_approved_already_tells_its_order_all_the_same(world: RefundWorld) -> None:
    """The task in which the policy approved it was lost."""
    world.troubles.away = "messages.tell_order"
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()

    async def approved() -> bool:
        return await world.column("select decision from refunds") == ["approved"]

    await world.until(approved)
    await world.env.client.get_workflow_handle(identity.refund_workflow_id(due_id(world))).terminate()
    world.troubles.away = None
    await world.env.client.start_workflow(
        RefundWorkflow.run,
        RefundStart(RefundAsked(Asking(due_id(world), world.order_id, BY_ITSELF, basis=Basis.DUE), "due_back", "")),
        id=identity.refund_workflow_id(due_id(world)),
        task_queue=identity.REFUNDS,
    )
    await back(world)
    await settled(world)
    assert await world.column("select after_sale from orders") == [AfterSale.RESOLVED]


async def test_above_the_policys_limit_a_person_signs(world: RefundWorld) -> None:
    async with world.record.begin() as db:
        await save_people(db, STAFF, "test", world.clock.now(), seen={})
    world.amend_order(shipping="100.00")
    await world.go_to(Stage.AT_WAREHOUSE)
    await world.cancel()
    await back(world, RefundStage.AWAITING_APPROVAL)
    assert world.provider.refunded == {}
