"""A refund from request to money, in virtual time: who signs, who is reminded, and that money goes back once."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.case import Cause, Choice
from domain.refund import RefundStage
from domain.refund_leg import RefundOutcome
from domain.refund_money import RefundRequest, Units
from tests.builders import line, yuan
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow
DAY = timedelta(days=1)


@pytest.fixture
def world(refund_world: RefundWorld) -> RefundWorld:
    return refund_world


async def moved(world: RefundWorld) -> list[str]:
    """The numbers under which money really went back."""
    return sorted(world.provider.refunded)


async def test_a_small_refund_is_signed_by_the_supervisor_and_goes_back_once(world: RefundWorld) -> None:
    await world.arrived()
    view = await world.ask()
    assert (view.stage, view.amount) == (RefundStage.AWAITING_APPROVAL, yuan("144.00"))
    view = await world.act("approve", "lin")
    assert view.approval is not None
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_1"]
    assert [call.transaction_id for call in world.provider.calls if call.verb == "refund"] == ["refund/r1/refund/1"]
    assert await world.column("select refunded_minor from order_money") == [14400]
    assert await world.column("select policy from refunds") == ["refunds@0"]


async def test_200_01_goes_to_finance_and_a_split_evades_nobody(world: RefundWorld) -> None:
    world.amend_order(lines=(line(price="150.00"),), shipping="0")
    await world.arrived()
    one = RefundRequest(units=(Units("1", 1),))
    await world.ask(one)
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    await world.ask(one, "r2")
    assert await world.refused_to_act("approve", "lin") == "this task is fang's"
    await world.act("approve", "fang")
    assert await world.refund_ended() is RefundStage.PAID_BACK


async def test_too_much_is_refused_with_the_maximum_and_the_run_ends(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    view = await world.ask(RefundRequest(units=(Units("1", 1),)), "r2")
    assert (view.stage, view.refusal) == (RefundStage.REFUSED, "line 1: at most 0 can still go back, 0.00 CNY")
    assert await world.refund_ended() is RefundStage.REFUSED


async def test_nobody_signs_his_own_request_and_what_was_refused_pays_nothing(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask(applicant="lin")
    assert await world.refused_to_act("approve", "lin") == "nobody decides his own request"
    await world.act("refuse", "fang", reason="the photo shows another parcel")
    assert await world.refund_ended() is RefundStage.REFUSED
    assert await moved(world) == []


async def test_the_applicant_may_withdraw_until_it_is_decided(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    await world.act("withdraw", "ann", None)
    assert await world.refund_ended() is RefundStage.WITHDRAWN


async def test_what_was_approved_may_be_withdrawn_until_its_money_moves(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.UNKNOWN]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.until_refund(RefundStage.PAYING_BACK)
    assert await world.refused_to_act("withdraw", "ann") == "its money is on its way: it cannot be withdrawn any more"


async def test_two_clicks_on_approve_have_one_outcome_and_the_other_is_told(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    said = await asyncio.gather(world.act("approve", "lin"), world.act("approve", "lin"), return_exceptions=True)
    assert sum(isinstance(each, WorkflowUpdateFailedError) for each in said) == 1
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_1"]


async def test_the_superior_is_told_at_24_hours_and_not_a_second_before_also_after_a_restart(
    world: RefundWorld,
) -> None:
    await world.arrived()
    await world.ask()
    await world.passes(hours=23, minutes=59, seconds=58)
    await world.restart_workers()
    assert await world.reminders() == []
    await world.passes(seconds=3)
    ((person, after),) = await world.reminders()
    assert (person, after // timedelta(seconds=1)) == ("fang", 24 * 3600)
    await world.passes(hours=48)
    assert [(person, after // DAY) for person, after in await world.reminders()] == [
        ("fang", 1),
        ("boss", 2),
        ("boss", 3),
    ]
    await world.act("approve", "boss")
    assert await world.refund_ended() is RefundStage.PAID_BACK


async def test_an_answer_that_was_lost_is_asked_about_and_never_paid_twice(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.UNKNOWN]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert [call.verb for call in world.provider.calls if "refund" in call.verb] == ["refund", "query_refund"]
    assert await moved(world) == ["tea_1001_r1_1"]


@pytest.mark.parametrize("step", ["payments.refund", "refunds.record_answer", "refunds.ask_leg", "refunds.plan"])
async def test_a_worker_that_dies_after_its_effect_costs_no_second_refund(world: RefundWorld, step: str) -> None:
    world.troubles.crash_once_after = {step}
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_1"]
    assert await world.column("select count(*) from ledger_entries where kind = 'refunded'") == [1]


async def test_silence_never_fails_a_refund_but_a_person_is_told_after_three_days(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.UNKNOWN]
    world.provider.silent = True
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.passes(days=4)
    view = await world.refund_view()
    assert (view.stage, [case.cause for case in view.cases]) == (RefundStage.PAYING_BACK, [Cause.REFUND_UNCLEAR])
    world.provider.silent = False
    await world.decide_refund(Cause.REFUND_UNCLEAR, Choice.RETRY)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_1"]


async def test_an_empty_merchant_account_waits_with_the_same_number_and_goes_on_by_itself(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.SHORT_OF_BALANCE, RefundOutcome.SHORT_OF_BALANCE]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_1"]
    assert await world.rows("select cause, decided_by from cases") == [("balance_short", "workflow")]


async def test_a_closed_number_is_followed_by_a_new_one(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.CLOSED]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await moved(world) == ["tea_1001_r1_2"]


async def test_what_the_provider_refuses_waits_for_a_person(world: RefundWorld) -> None:
    world.provider.refund_script = [RefundOutcome.REFUSED, RefundOutcome.REFUSED]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.decide_refund(Cause.REFUND_REFUSED, Choice.RETRY)
    await world.decide_refund(Cause.REFUND_REFUSED, Choice.CANCEL)
    assert await world.refund_ended() is RefundStage.NOT_PAID_BACK
    assert await moved(world) == []
    assert (await world.ask(refund_id="r2")).stage is RefundStage.AWAITING_APPROVAL
