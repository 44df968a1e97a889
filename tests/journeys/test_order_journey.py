"""One order, from its placing to its completion, over the wire."""

from typing import Any

import pytest

from tests.journeys.conftest import Stage

pytestmark = pytest.mark.slow

ORDER: dict[str, Any] = {
    "shop_id": "tea",
    "order_no": "2001",
    "placed_at": "2026-11-22T10:00:00+08:00",
    "customer_id": "c-17",
    "customer_note": "",
    "recipient": {
        "name": "云小满",
        "phone": "13900000001",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "假想路 1 号",
    },
    "lines": [
        {"line_id": "1", "platform_sku": "TEA-GREEN-250", "title": "龙井", "quantity": 2, "list_price_minor": 6800}
    ],
    "shipping_minor": 800,
    "payment_plan": [{"part": 1, "amount_minor": 14400, "pay_within_seconds": 1800}],
}


async def test_an_order_is_placed_paid_pushed_shipped_delivered_and_completed(stage: Stage) -> None:
    await stage.control("orders", order_no="2001")
    await stage.control("payments", out_trade_no="tea_2001")
    await stage.until_stage("2001", "completed")
    assert await stage.value("select count(*) from payments") == 1
    assert await stage.value("select count(*) from outbound_orders") == 1
    assert await stage.value("select count(*) from cases") == 0
