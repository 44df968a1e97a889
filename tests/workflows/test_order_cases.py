"""docs/sop.md 2: two persons, one case; and answers that a person gets before the run ends."""

import asyncio
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError

from domain.case import CaseDecision, Cause, Choice
from domain.order import Stage
from tests.workflows.seen import refusal
from tests.workflows.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
async def short(world: World) -> World:
    """Paid, and out of stock."""
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await world.case(Cause.OUT_OF_STOCK)
    return world


async def test_of_two_persons_who_decide_at_once_one_wins_and_the_other_hears_it(short: World) -> None:
    case_id = await short.case(Cause.OUT_OF_STOCK)
    decisions = [CaseDecision(case_id, Choice.CANCEL, by, "agreed") for by in ("lin", "chen")]
    answers: list[Any] = await asyncio.gather(*map(short.send, decisions), return_exceptions=True)
    (lost,) = [each for each in answers if isinstance(each, WorkflowUpdateFailedError)]
    assert refusal(lost) == "CaseNotOpen"
    assert await short.end() is Stage.CANCELLED
    winner = decisions[1 - answers.index(lost)].by
    assert await short.rows("select decided_by from cases where cause = 'out_of_stock'") == [(winner,)]


async def test_a_case_that_was_decided_cannot_be_decided_again(short: World) -> None:
    case_id = await short.case(Cause.OUT_OF_STOCK)
    await short.write("update stock set on_hand = 2 where sku = 'TEA-GREEN-250'")
    await short.decide(Cause.OUT_OF_STOCK, Choice.RETRY)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await short.send(CaseDecision(case_id, Choice.CANCEL, "chen", "too late"))
    assert refusal(refused.value) == "CaseNotOpen"


async def test_a_decision_that_the_case_does_not_allow_is_refused_and_leaves_no_trace(short: World) -> None:
    case_id = await short.case(Cause.OUT_OF_STOCK)
    for choice, by, reason in (
        (Choice.SKIP, "lin", "x"),
        (Choice.CLOSE, "lin", "x"),
        (Choice.RETRY, "", "x"),
        (Choice.RETRY, "lin", " "),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await short.send(CaseDecision(case_id, choice, by, reason))
        assert refusal(refused.value) == "SkipRefused"
    assert await short.open_cases() == [Cause.OUT_OF_STOCK]
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED not in await short.history()


async def test_the_person_who_ends_the_order_gets_an_answer_before_the_run_ends(short: World) -> None:
    answered = await short.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    assert answered in (Stage.PAID, Stage.CANCELLED)
    assert await short.end() is Stage.CANCELLED


async def test_a_decision_that_comes_while_no_worker_runs_is_carried_out_later(short: World) -> None:
    case_id = await short.case(Cause.OUT_OF_STOCK)
    await short.stop_workers()
    deciding = asyncio.create_task(short.send(CaseDecision(case_id, Choice.CANCEL, "lin", "agreed")))
    await asyncio.sleep(0.1)
    await short.start_workers()
    assert await deciding in (Stage.PAID, Stage.CANCELLED)
    assert await short.end() is Stage.CANCELLED


async def test_a_wish_to_cancel_and_a_decision_to_retry_at_once_both_get_their_answer(short: World) -> None:
    case_id = await short.case(Cause.OUT_OF_STOCK)
    await short.stop_workers()
    await short.cancel()
    deciding = asyncio.create_task(short.send(CaseDecision(case_id, Choice.RETRY, "lin", "restocked")))
    await asyncio.sleep(0.1)
    await short.start_workers()
    assert await short.end() is Stage.CANCELLED
    (answer,) = await asyncio.gather(deciding, return_exceptions=True)
    assert answer == Stage.CANCELLED or refusal(answer) == "CaseNotOpen"  # type: ignore[arg-type]
