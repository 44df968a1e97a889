"""docs/sop.md 3: crashes, restarts and outages at every point end where the undisturbed order ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.seen import PATIENCE_SECONDS
from tests.workflows.stories import Story, cancelled, cancelled_too_late, mended, short, straight, unpaid
from tests.workflows.world import World

pytestmark = pytest.mark.slow

TROUBLED: dict[str, tuple[Story, tuple[str, ...]]] = {
    "straight": (
        straight,
        (
            *("records.load", "records.place", "records.record_payment", "records.reserve_stock"),
            *("records.review_release", "warehouse.push", "records.record_push", "records.report_parcel"),
            "records.complete",
        ),
    ),
    "unpaid": (unpaid, ("payments.query_trade", "payments.close_trade", "records.stop")),
    "cancelled": (cancelled, ("records.request_cancellation", "warehouse.stop", "records.stop")),
    "too late": (cancelled_too_late, ("warehouse.stop", "records.cancel_too_late")),
    "mended": (mended, ("records.settle_case", "records.amend_recipient")),
    "short": (short, ("records.settle_case", "records.stop")),
}


async def outcome(world: World) -> dict[str, Any]:
    """Everything that must be the same however often a step had to be repeated."""
    axes = "stage, payment, fulfilment, cancellation, after_sale, holds"
    return {
        "order": await world.rows(f"select {axes} from orders"),
        "ledger": await world.ledger(),
        "steps": [step for step in await world.steps() if step != "settle_case"],  # see the last test
        "payments": await world.rows("select amount_minor, matched, source from payments"),
        "stock": await world.rows("select sku, on_hand, reserved from stock order by sku"),
        "outbound": await world.column("select count(*) from outbound_orders"),
        "cases": await world.rows("select cause, choice from cases order by cause, opened_at"),
        "outside": (len(world.warehouse.accepted), len(world.warehouse.stopped), len(world.provider.closed)),
    }


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    """The outcome of each story without trouble, kept from the test that told it."""
    return {}


@pytest.mark.parametrize("name", TROUBLED)
async def test_a_story_without_trouble_takes_its_steps(world: World, name: str, undisturbed: dict[str, Any]) -> None:
    story, steps = TROUBLED[name]
    await story(world)
    undisturbed[name] = await outcome(world)
    assert all(world.troubles.done[step] for step in steps)


@pytest.mark.parametrize("name", TROUBLED)
async def test_each_step_that_crashes_after_its_effect_has_exactly_that_effect(
    world: World, name: str, undisturbed: dict[str, Any]
) -> None:
    story, steps = TROUBLED[name]
    world.troubles.crash_once_after = set(steps)
    await story(world)
    assert await outcome(world) == undisturbed[name]
    assert world.troubles.crash_once_after == set()
    assert all(world.troubles.done[step] > 1 for step in steps)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("straight", "records.review_release"),
        ("straight", "warehouse.push"),
        ("straight", "records.complete"),
        ("unpaid", "records.stop"),
        ("cancelled", "records.stop"),
        ("short", "records.stop"),
        ("mended", "records.settle_case"),
    ],
)
async def test_a_worker_that_dies_in_the_middle_of_a_task_is_followed_by_one_that_repeats_it(
    world: World, name: str, step: str, undisturbed: dict[str, Any]
) -> None:
    """All steps of the task are repeated, so the first ones are answered with what came of the last ones."""
    world.task_timeout = timedelta(seconds=1)
    world.troubles.hang_once_after = step
    telling = asyncio.ensure_future(TROUBLED[name][0](world))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await world.troubles.hangs.wait()
    await world.restart_workers()
    await telling
    assert await outcome(world) == undisturbed[name]


@pytest.mark.xfail(
    strict=True, reason="PostgresOrders.settle_case notes a decision again although it was settled before"
)
async def test_a_decision_whose_step_is_repeated_is_one_entry_of_the_audit_log(world: World) -> None:
    world.troubles.crash_once_after = {"records.settle_case"}
    await short(world)
    assert (await world.steps()).count("settle_case") == 1
