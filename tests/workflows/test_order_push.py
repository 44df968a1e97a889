"""docs/sop.md 1.5: the warehouse gets the order once; where it can't, a person decides."""

from datetime import timedelta
from itertools import pairwise

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError

from domain.case import Cause, Choice
from domain.order import Stage
from tests.workflows.seen import refusal
from tests.workflows.world import World

pytestmark = pytest.mark.slow


async def _outage(world: World) -> None:
    """Paid, while the warehouse answers nobody; over once the case is open."""
    world.warehouse.silent = True
    await world.go_to(Stage.PREPARING)
    await world.passes(hours=2, minutes=1)
    await world.case(Cause.PUSH_FAILED)
    world.warehouse.silent = False


async def test_an_outage_is_tried_quickly_then_slower_until_two_hours_have_passed(world: World) -> None:
    await _outage(world)
    moments = world.warehouse.asked()
    pauses = [round((after - before).total_seconds()) for before, after in pairwise(moments)]
    assert pauses[:6] == [1, 4, 16, 64, 256, 600]
    assert set(pauses[5:]) == {600}
    assert timedelta(hours=1, minutes=49) < moments[-1] - moments[0] <= timedelta(hours=2)
    error, attempts, detail = (await world.rows("select last_error, attempts, detail from cases"))[0]
    assert (error, attempts) == ("the warehouse gave no answer", len(moments))
    assert "gave no answer" in detail
    assert {call.transaction_id for call in world.warehouse.calls} == {f"order/{world.order_id}/push"}


async def test_a_retry_after_the_outage_pushes_under_the_same_key(world: World) -> None:
    await _outage(world)
    await world.decide(Cause.PUSH_FAILED, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert len(world.warehouse.accepted) == 1
    assert len({call.transaction_id for call in world.warehouse.calls}) == 1


async def test_a_skip_without_a_second_person_or_a_shipment_is_refused(world: World) -> None:
    world.warehouse.refusal = "address_rejected"
    await world.go_to(Stage.PREPARING)
    one_is_missing: list[dict[str, str]] = [
        {"second_person": "chen"},
        {"outside_shipment_no": "SF-9"},
        {"outside_shipment_no": "SF-9", "second_person": "lin"},
    ]
    for given in one_is_missing:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await world.decide(Cause.PUSH_REFUSED, Choice.SKIP, **given)
        assert refusal(refused.value) == "SkipRefused"
    assert await world.open_cases() == [Cause.PUSH_REFUSED]


async def test_a_skip_by_two_persons_is_recorded_with_the_outside_shipment(world: World) -> None:
    await _outage(world)
    await world.decide(Cause.PUSH_FAILED, Choice.SKIP, second_person="chen", outside_shipment_no="SF-9")
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.column("select outside_shipment_no from outbound_orders") == ["SF-9"]
    assert await world.column("select actor from audit_log where step = 'record_push'") == ["lin and chen"]
    assert world.warehouse.accepted == []
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED


async def test_what_a_person_shipped_by_another_way_is_not_paid_back_when_it_is_cancelled(world: World) -> None:
    await _outage(world)
    await world.decide(Cause.PUSH_FAILED, Choice.SKIP, second_person="chen", outside_shipment_no="SF-9")
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.cancel()
    await world.until_case(Cause.RETURN_REQUESTED)
    assert await world.ledger() == [("captured", 14400)]
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED


async def test_a_cancel_after_the_outage_stops_the_order_at_the_warehouse(world: World) -> None:
    await _outage(world)
    await world.decide(Cause.PUSH_FAILED, Choice.CANCEL)
    assert await world.end() is Stage.CANCELLED
    assert world.warehouse.stopped == {world.order_id.warehouse_reference()}
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]


async def test_a_push_that_is_refused_is_a_case_at_once_and_a_retry_goes_on(world: World) -> None:
    world.warehouse.refusal = "address_rejected"
    await world.go_to(Stage.PREPARING)
    await world.case(Cause.PUSH_REFUSED)
    assert await world.column("select detail from cases") == ["address_rejected"]
    assert len(world.warehouse.calls) == 1
    world.warehouse.refusal = ""
    await world.decide(Cause.PUSH_REFUSED, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)


async def test_goods_that_leave_settle_the_case_of_a_push_that_was_refused(world: World) -> None:
    world.warehouse.refusal = "address_rejected"
    await world.go_to(Stage.PREPARING)
    await world.case(Cause.PUSH_REFUSED)
    await world.ship()
    await world.until_stage(Stage.SHIPPED)
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.rows("select choice, decided_by from cases") == [("close", "workflow")]


async def test_goods_that_leave_settle_the_case_of_a_push_that_failed(world: World) -> None:
    await _outage(world)
    await world.ship()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.rows("select choice, decided_by from cases") == [("close", "workflow")]


async def test_the_shipped_message_may_overtake_the_answer_to_the_push(world: World) -> None:
    world.warehouse.answers.clear()
    await world.place()
    await world.pay()
    await world.until_accepted()
    await world.ship()
    await world.until_stage(Stage.SHIPPED)
    await world.until_event(EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
    world.warehouse.answers.set()
    await world.deliver()
    assert await world.end() is Stage.COMPLETED
    assert await world.column("select count(*) from outbound_orders") == [1]
    assert await world.column("select cause from cases") == []
