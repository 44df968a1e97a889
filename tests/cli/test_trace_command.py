"""`lockstep trace`: what came in for an order, what it caused, and how long that took."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits import Limits
from persistence.customers import Customers
from persistence.evidence import Arrival, Evidence, Verdict
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.provenance import PROVENANCE, Provenance
from tests.builders import NOON, ORDER_ID, capture, placed, settled
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow

KEY = b"k" * 32
ORDER, NOTICE, FORGED = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
async def told(record: AsyncEngine) -> None:
    """An order, its notice a minute later, recorded a second after it came; and a notice that changed nothing."""
    clock = FixedClock(NOON)
    orders = PostgresOrders(record, Customers(KEY, clock), clock, Limits())

    async def message(kind: str, trace_id: str, verdict: Verdict, reason: str | None = None) -> tuple[int, ...]:
        arrival = Arrival("alipay", "n", kind, b"", verdict, reason, str(ORDER_ID))
        async with record.begin() as db:
            return (await Evidence(KEY).keep(db, arrival, clock.now(), trace_id),)

    def step(verb: str, trace_id: str) -> None:
        PROVENANCE.set(Provenance(f"order/{ORDER_ID}/{verb}", trace_id=trace_id))

    first = await message("order.placed", ORDER, Verdict.ACCEPTED)
    step("place", ORDER)
    await orders.place(placed(event_ids=first))
    clock.time += timedelta(seconds=60)
    notice = await message("payment.notice", NOTICE, Verdict.ACCEPTED)
    clock.time += timedelta(seconds=1)
    step("record_payment", NOTICE)
    await orders.record_payment(settled(capture(), event_ids=notice))
    clock.time += timedelta(seconds=5)
    await message("payment.notice", FORGED, Verdict.REPEAT)


@pytest.mark.usefixtures("told")
async def test_each_message_stands_with_what_it_caused_and_how_long_that_took(lockstep: CommandLine) -> None:
    found = await lockstep.data("trace", str(ORDER_ID))
    assert [each["trace_id"] for each in found["traces"]] == [ORDER, NOTICE, FORGED]
    received, recorded = found["traces"][1]["happenings"]
    assert (received["what"], received["outcome"], received["seconds"]) == ("payment.notice", "accepted", 0)
    assert (recorded["what"], recorded["seconds"], recorded["after"]) == ("record_payment", 1.0, 1.0)
    assert recorded["transaction_id"] == f"order/{ORDER_ID}/record_payment"
    assert [each["what"] for each in found["traces"][2]["happenings"]] == ["payment.notice"]
    assert found["notice_to_paid"] == 1.0
    assert found["notice_to_warehouse"] is None


@pytest.mark.usefixtures("told")
async def test_people_read_tables(lockstep: CommandLine) -> None:
    said = await lockstep("trace", str(ORDER_ID))
    assert f"trace {NOTICE}" in said.out
    assert "notice to paid       1.000 s" in said.out
    assert "notice to warehouse  not yet" in said.out
    assert "\x1b" not in said.out


async def test_an_order_that_nobody_knows_or_no_order_id(lockstep: CommandLine) -> None:
    assert (await lockstep("trace", "shop/tea/9999")).code == 1
    said = await lockstep("trace", "1001")
    assert (said.code, "write channel/shop/number" in said.err) == (2, True)
