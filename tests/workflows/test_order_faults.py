"""docs/sop.md 3: crashes, restarts and outages at every point end where the undisturbed order ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.reference import OrderId
from drill.virtual.steps import Crashed
from tests.workflows.stories import (
    Story,
    cancelled,
    cancelled_in_parts,
    cancelled_too_late,
    given_up,
    mended,
    short,
    split,
    straight,
    unpaid,
)
from tests.workflows.world import World
from workflows.attended_order import AttendedOrder

pytestmark = pytest.mark.slow

TROUBLED: dict[str, tuple[Story, tuple[str, ...]]] = {
    "straight": (
        straight,
        (
            *("records.load", "records.place", "records.record_payment", "warehouse.push"),
            *("records.record_push", "records.report_parcel", "records.complete"),
        ),
    ),
    "unpaid": (unpaid, ("payments.query_trade", "payments.close_trade", "records.stop")),
    "cancelled": (cancelled, ("records.request_cancellation", "warehouse.stop", "records.stop")),
    "too late": (cancelled_too_late, ("warehouse.stop", "records.cancel_too_late")),
    "mended": (mended, ("records.settle_case", "records.amend_recipient")),
    "short": (short, ("records.settle_case", "records.stop")),
    "split": (split, ("records.settle_case", "records.reserve_stock", "warehouse.push", "records.record_push")),
    "given up": (given_up, ("records.settle_case", "records.record_push")),
    "cancelled in parts": (cancelled_in_parts, ("warehouse.stop", "records.cancel_too_late")),
}


async def outcome(world: World) -> dict[str, Any]:
    """Everything that must be the same however often a step had to be repeated."""
    axes = "stage, payment, fulfilment, cancellation, after_sale, holds"
    return {
        "order": await world.rows(f"select {axes} from orders"),
        "ledger": await world.ledger(),
        "steps": list(dict.fromkeys(await world.steps())),  # how often: see the last test
        "payments": await world.rows("select amount_minor, matched, source from payments"),
        "stock": await world.rows("select sku, on_hand, reserved from stock order by sku"),
        "outbound": await world.rows("select number, contents, stopped from outbound_orders order by number"),
        "dropped": await world.column("select dropped from demands"),
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


@pytest.fixture
def lost_tasks(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """After the first of each of these steps the process dies, before Temporal hears of the task: all of it is lost."""
    to_lose: set[str] = set()
    recorded = AttendedOrder._record

    async def dies_after(order: AttendedOrder, step: Callable[..., Any], fact: object) -> None:
        await recorded(order, step, fact)
        if step.__name__ in to_lose:
            to_lose.remove(step.__name__)
            raise Crashed

    monkeypatch.setattr(AttendedOrder, "_record", dies_after)
    return to_lose


LOST = {
    "straight": {"record_payment", "record_push", "report_parcel", "complete"},
    "unpaid": {"place", "stop"},
    "cancelled": {"request_cancellation", "stop"},
    "too late": {"cancel_too_late"},
    "mended": {"reserve_stock", "amend_recipient"},
    "short": {"stop"},
    "split": {"settle_case", "reserve_stock", "record_push"},
    "given up": {"settle_case"},
    "cancelled in parts": {"cancel_too_late"},
}


@pytest.mark.parametrize("name", TROUBLED)
async def test_a_task_that_is_repeated_as_a_whole_ends_as_if_it_had_been_done_once(
    world: World, name: str, undisturbed: dict[str, Any], lost_tasks: set[str]
) -> None:
    """The record answers the first steps of the repeated task with what came of its last ones."""
    world.task_timeout = timedelta(seconds=1)  # a second failure in a row is not told, but waited for
    lost_tasks.update(LOST[name])
    await TROUBLED[name][0](world)
    assert await outcome(world) == undisturbed[name]
    assert lost_tasks == set()


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("short", "settle_case"),
        ("short", "reserve_stock"),
        ("mended", "reserve_stock"),
        ("given up", "settle_case"),
        ("cancelled in parts", "cancel_too_late"),
    ],
)
async def test_a_step_that_is_repeated_is_one_entry_of_the_audit_log(world: World, name: str, step: str) -> None:
    await TROUBLED[name][0](world)
    before = len(await world.steps())
    world.order_id = OrderId("shop", "tea", f"{world.order_id.order_no}-2")
    world.amend_order()
    world.troubles.crash_once_after = {f"records.{step}"}
    await TROUBLED[name][0](world)
    assert len(await world.steps()) == before
