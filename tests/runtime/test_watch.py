"""The gauges show how things stand, and show nothing where that is not known."""

import base64
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.case import Cause
from domain.limits import Limits
from persistence.customers import Customers
from persistence.engine import connect
from persistence.evidence import Arrival, Evidence, Verdict
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import CaseOpened
from ports.warehouse import Warehouse
from runtime.config import Settings
from runtime.watch import Watch
from runtime.wiring import House
from tests.builders import NOON, ORDER_ID, capture, placed, settled
from tests.collected import Collected

pytestmark = pytest.mark.slow

KEY = base64.b64encode(b"k" * 32).decode()


class TemporalAway:
    namespace = "default"

    @property
    def workflow_service(self) -> "TemporalAway":
        return self

    async def describe_task_queue(self, *_: object, **__: object) -> None:
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


def house(record: AsyncEngine, clock: FixedClock, collected: Collected) -> House:
    settings = Settings(database_url="unused", temporal_address="unused", record_key=KEY, payload_keys=f"test:{KEY}")
    customers = Customers(settings.record_key_bytes, clock)
    return House(
        settings,
        clock,
        record,
        cast("Client", TemporalAway()),
        customers,
        Evidence(settings.record_key_bytes),
        PostgresOrders(record, customers, clock, Limits()),
        {},
        cast("Warehouse", None),
        collected.metrics,
    )


async def test_backlog_orders_and_cases_are_counted_with_the_age_of_the_oldest(
    record: AsyncEngine, collected: Collected
) -> None:
    clock = FixedClock(NOON)
    here = house(record, clock, collected)
    async with record.begin() as db:
        for verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.REFUSED):
            await here.evidence.keep(db, Arrival("alipay", "n", "payment.notice", b"", verdict), clock.now())
            clock.time += timedelta(seconds=10)
    await here.orders.place(placed())
    await here.orders.record_payment(settled(capture("1.00")))
    await here.orders.open_case(CaseOpened(ORDER_ID, Cause.PUSH_FAILED, "x", "no answer"))
    clock.time += timedelta(hours=25)
    watch = Watch(here)
    collected.metrics.standing = watch.readings
    await watch.look()
    assert collected.value("lockstep_backlog", what="evidence") == 2
    assert collected.value("lockstep_backlog_oldest_seconds", what="evidence") == 25 * 3600 + 30
    assert collected.value("lockstep_backlog", what="outbox") == 0
    assert collected.value("lockstep_backlog_oldest_seconds", what="outbox") == 0
    assert collected.value("lockstep_orders_open", stage="awaiting_payment") == 1
    assert collected.value("lockstep_orders_oldest_seconds", stage="awaiting_payment") == 25 * 3600
    assert collected.value("lockstep_orders_open", stage="on_hold") == 0
    assert collected.value("lockstep_cases_open", cause="push_failed") == 1
    assert collected.value("lockstep_cases_overdue", cause="push_failed") == 1
    assert collected.value("lockstep_cases_open", cause="stop_failed") == 0


async def test_an_order_that_stands_is_unattended_until_a_case_waits_for_it(
    record: AsyncEngine, collected: Collected
) -> None:
    """A case that finance has with it does not make it attended: the order should go on."""
    clock = FixedClock(NOON)
    here = house(record, clock, collected)
    await here.orders.place(placed())
    await here.orders.record_payment(settled())
    await here.orders.open_case(CaseOpened(ORDER_ID, Cause.SURPLUS_PAYMENT, "x", "paid twice"))
    clock.time += timedelta(minutes=20)
    watch = Watch(here)
    collected.metrics.standing = watch.readings
    await watch.look()
    assert collected.value("lockstep_orders_unattended_oldest_seconds", stage="preparing") == 20 * 60
    assert collected.value("lockstep_orders_unattended_oldest_seconds", stage="paid") == 0
    await here.orders.open_case(CaseOpened(ORDER_ID, Cause.OUT_OF_STOCK, "x", "none left"))
    await watch.look()
    assert collected.value("lockstep_orders_unattended_oldest_seconds", stage="preparing") == 0
    assert collected.value("lockstep_orders_oldest_seconds", stage="preparing") == 20 * 60


async def test_what_cannot_be_looked_at_shows_no_figures(record: AsyncEngine, collected: Collected) -> None:
    clock = FixedClock(NOON)
    nobody = connect("postgresql://nobody@127.0.0.1:1/nothing")
    watch = Watch(house(record, clock, collected))
    collected.metrics.standing = watch.readings
    await watch.look()
    assert collected.value("lockstep_look_worked", at="record") == 1
    assert collected.value("lockstep_look_worked", at="temporal") == 0
    assert collected.value("lockstep_queue_pollers", queue="orders") is None
    watch = Watch(house(nobody, clock, collected))
    collected.metrics.standing = watch.readings
    await watch.look()
    assert collected.value("lockstep_look_worked", at="record") == 0
    assert collected.value("lockstep_backlog", what="evidence") is None
    await nobody.dispose()
