"""The original route is gone: the buyer gets his money another way, as two people say."""

from typing import cast

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.case import CaseDecision, Cause, Choice
from domain.refund import RefundStage
from domain.refund_leg import RefundOutcome
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow


async def decided(world: RefundWorld, cause: Cause, choice: Choice, by: str) -> str:
    """Empty, or why it was not accepted."""
    said = CaseDecision(await world.refund_case(cause), choice, by, "seen at the bank", outside_payment_no="BANK-1")
    try:
        await world.refund.execute_update("decide_case", said, result_type=RefundStage)
    except WorkflowUpdateFailedError as refused:
        return cast("ApplicationError", refused.cause).message
    return ""


async def test_money_that_went_another_way_takes_a_second_person_who_may_decide_on_it(
    refund_world: RefundWorld,
) -> None:
    world = refund_world
    world.provider.refund_script = [RefundOutcome.ABNORMAL]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await decided(world, Cause.REFUND_ROUTE_GONE, Choice.ELSEWHERE, "fang") == ""
    alone = await decided(world, Cause.PAID_ELSEWHERE, Choice.CONFIRM, "fang")
    assert alone == "fang said so: it takes another person to confirm"
    stranger = await decided(world, Cause.PAID_ELSEWHERE, Choice.CONFIRM, "ben")
    assert stranger == "ben may not decide on 144.00 CNY"
    assert await decided(world, Cause.PAID_ELSEWHERE, Choice.CONFIRM, "boss") == ""
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert world.provider.refunded == {}
    assert await world.rows("select state, refund_no, said_by, confirmed_by from refund_legs order by number") == [
        ("given_up", None, None, None),
        ("done", "BANK-1", "fang", "boss"),
    ]
    assert await world.rows("select refund_due_minor, refunded_minor from order_money") == [(0, 14400)]


async def test_what_the_second_person_does_not_find_is_given_up_and_can_be_asked_for_anew(
    refund_world: RefundWorld,
) -> None:
    world = refund_world
    world.provider.refund_script = [RefundOutcome.REFUSED]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await decided(world, Cause.REFUND_REFUSED, Choice.ELSEWHERE, "fang") == ""
    assert await decided(world, Cause.PAID_ELSEWHERE, Choice.CANCEL, "boss") == ""
    assert await world.refund_ended() is RefundStage.NOT_PAID_BACK
    assert (await world.ask(refund_id="r2")).stage is RefundStage.AWAITING_APPROVAL


async def test_a_payment_of_more_than_a_year_ago_is_never_asked_for(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    await world.write("update payments set paid_at = paid_at - interval '366 days'")
    await world.ask()
    await world.act("approve", "lin")
    assert await decided(world, Cause.REFUND_ROUTE_GONE, Choice.ELSEWHERE, "fang") == ""
    assert await decided(world, Cause.PAID_ELSEWHERE, Choice.CONFIRM, "boss") == ""
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert [call for call in world.provider.calls if call.verb == "refund"] == []
