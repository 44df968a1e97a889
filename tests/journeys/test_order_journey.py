"""One order, from its placing to its completion, over the wire."""

import pytest

from tests.journeys.orders import ORDER
from tests.journeys.staging import Stage

__all__ = ["ORDER"]

pytestmark = pytest.mark.slow


async def test_an_order_is_placed_paid_pushed_shipped_delivered_and_completed(stage: Stage) -> None:
    await stage.control("orders", order_no="2001")
    await stage.control("payments", out_trade_no="tea_2001")
    await stage.until_stage("2001", "completed")
    assert await stage.value("select count(*) from payments") == 1
    assert await stage.value("select count(*) from outbound_orders") == 1
    assert await stage.value("select count(*) from cases") == 0
