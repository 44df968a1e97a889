"""docs/sop.md 3: Postgres away, workers away, and histories that grow too long."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from domain.case import Cause, Choice
from domain.order import Stage
from tests import builders
from tests.workflows.world import World

pytestmark = pytest.mark.slow


async def test_an_outage_of_postgres_costs_few_events_and_then_the_order_goes_on(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    before = len(await world.history())
    world.troubles.away = "records."
    await world.pay()
    await world.until_event_count(EventType.EVENT_TYPE_TIMER_STARTED, 2)
    await world.passes(hours=3)
    during = len(await world.history()) - before
    assert during <= 6 * (7 + 3 * 12)  # six events for each pause: seven that double, then one every five minutes
    world.troubles.away = None
    await world.passes(minutes=6)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.ledger() == [("captured", 14400)]
    assert await world.column("select count(*) from cases") == [0]


async def test_money_and_a_wish_that_come_during_an_outage_are_both_heard(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    world.troubles.away = "records."
    await world.pay()
    await world.cancel()
    await world.until_event_count(EventType.EVENT_TYPE_TIMER_STARTED, 2)
    world.troubles.away = None
    assert await world.end() is Stage.CANCELLED
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]


async def test_workers_that_are_restarted_at_each_rest_end_where_they_would_have_ended(world: World) -> None:
    world.task_timeout = timedelta(seconds=1)
    await world.place()
    await world.restart_workers()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    world.warehouse.silent = True
    await world.pay()
    await world.until_called("push")
    await world.restart_workers()
    world.warehouse.silent = False
    await world.passes(seconds=2)
    await world.until_stage(Stage.AT_WAREHOUSE)
    await world.stop_workers()
    await world.ship()
    await world.deliver()
    await world.start_workers()
    await world.until_stage(Stage.DELIVERED)
    await world.restart_workers()
    assert await world.end() is Stage.COMPLETED
    assert await world.ledger() == [("captured", 14400)]
    assert (await world.steps()).count("report_parcel") == 2


@pytest.mark.usefixtures("short_histories")
async def test_a_long_history_starts_anew_at_rest_and_loses_nothing(world: World) -> None:
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    first = await world.run_id()
    fact = await world.pay()
    for _ in range(20):
        await world.tell(fact)
    await world.until_stage(Stage.AT_WAREHOUSE)
    for number in range(2):
        await world.report(builders.parcel(f"P-{number}", 1, at=await world.now()))
        await world.tell(fact)
    await world.until_stage(Stage.SHIPPED)
    for number in range(2):
        await world.report(builders.parcel(f"P-{number}", 1, delivered=True, at=await world.now()))
        await world.tell(fact)
    assert await world.end() is Stage.COMPLETED
    assert await world.run_id() != first
    assert await world.ledger() == [("captured", 14400)]
    assert (await world.steps()).count("report_parcel") == 4
    assert len(world.warehouse.calls) == 1
    delivered = max(await world.column("select delivered_at from shipments"))
    completed = (await world.column("select at from audit_log where step = 'complete'"))[0]
    assert timedelta(0) <= completed - delivered - timedelta(days=7) < timedelta(seconds=5)


@pytest.mark.usefixtures("short_histories")
async def test_the_provider_is_not_asked_for_all_moments_again_when_a_history_starts_anew(world: World) -> None:
    await world.place()
    assert await world.end() is Stage.CLOSED_UNPAID
    assert len(world.provider.asked()) <= 2 * 5


@pytest.mark.usefixtures("short_histories")
async def test_an_order_that_waits_for_a_person_does_not_start_anew_below_the_person(world: World) -> None:
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    case_id = await world.case(Cause.OUT_OF_STOCK)
    for _ in range(5):
        await world.place()
    await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    assert await world.end() is Stage.CANCELLED
    assert await world.rows(f"select choice, decided_by from cases where id = '{case_id}'") == [("cancel", "lin")]
