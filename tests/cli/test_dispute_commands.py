"""`lockstep dispute`: what the buyer says at the provider keeps our refunds of that payment."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits import Limits
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from tests.builders import NOON, capture, placed, settled
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow
TRADE = (capture().provider, capture().account, capture().trade_no)


@pytest.fixture
async def paid(record: AsyncEngine) -> None:
    clock = FixedClock(NOON)
    orders = PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())
    await orders.place(placed())
    await orders.record_payment(settled())


@pytest.mark.usefixtures("paid")
async def test_it_is_opened_listed_and_closed_once(lockstep: CommandLine) -> None:
    opening = ("dispute", "open", *TRADE, "--reason", "not as described", "--by", "fang")
    assert "its refunds wait" in (await lockstep(*opening)).out
    assert "was disputed before" in (await lockstep(*opening)).out
    (found,) = await lockstep.data("dispute", "list")
    assert (found["payment"], found["opened_by"]) == ("/".join(TRADE), "fang")
    closing = ("dispute", "close", *TRADE, "--outcome", "the buyer took it back", "--by", "fang")
    assert "its refunds go on" in (await lockstep(*closing)).out
    again = await lockstep(*closing)
    assert (again.code, "is not disputed" in again.err) == (1, True)
    assert await lockstep.data("dispute", "list") == []


async def test_a_payment_that_is_not_in_the_record_is_named(lockstep: CommandLine) -> None:
    refused = await lockstep("dispute", "open", "alipay", "main", "T-9", "--reason", "x", "--by", "fang")
    assert (refused.code, "there is no payment alipay/main/T-9" in refused.err) == (1, True)
