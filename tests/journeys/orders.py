"""What the own shop sends: an order of two packs of tea and freight, 144.00 CNY, and what it asks for later."""

import asyncio
from typing import Any

import httpx

from tests.journeys.staging import Stage
from verify import check

AMOUNT_MINOR = 14400
RECIPIENT = {
    "name": "云小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "假想路 1 号",
}
TOOLS: dict[str, Any] = {
    "shop_id": "tools",
    "lines": [{"line_id": "1", "platform_sku": "TOOL-SAW", "title": "手锯", "quantity": 1, "list_price_minor": 13600}],
}
"""An order of the shop that WeChat Pay pays, for the same money."""
ORDER: dict[str, Any] = {
    "shop_id": "tea",
    "order_no": "2001",
    "placed_at": "2026-11-22T10:00:00+08:00",
    "customer_id": "c-17",
    "customer_note": "",
    "recipient": RECIPIENT,
    "lines": [
        {"line_id": "1", "platform_sku": "TEA-GREEN-250", "title": "龙井", "quantity": 2, "list_price_minor": 6800}
    ],
    "shipping_minor": 800,
    "payment_plan": [{"part": 1, "amount_minor": AMOUNT_MINOR, "pay_within_seconds": 1800}],
}
WAITING_FOR_MONEY = "awaiting_payment"
AT_WAREHOUSE = "at_warehouse"
ON_ITS_WAY = ("at_warehouse", "partly_shipped", "shipped", "partly_delivered", "delivered", "completed")


def order_body(stage: Stage, order_no: str, /, **changes: Any) -> dict[str, Any]:
    """Placed now; `changes` replace whole fields."""
    placed_at = stage.house.clock.now().isoformat()
    return {**ORDER, "order_no": order_no, "placed_at": placed_at, **changes}


async def send_order(stage: Stage, body: dict[str, Any], key: str = "") -> httpx.Response:
    return await stage.shop.post("/orders", json=body, headers={"Idempotency-Key": key or body["order_no"]})


async def placed(stage: Stage, order_no: str, **changes: Any) -> dict[str, Any]:
    """Accepted and in the record; the answer is what was sent."""
    body = order_body(stage, order_no, **changes)
    answer = await send_order(stage, body)
    assert answer.status_code == 202, answer.text
    await stage.until_stage(order_no, WAITING_FOR_MONEY)
    return body


async def paid(stage: Stage, order_no: str, *, amount_minor: int = AMOUNT_MINOR) -> str:
    """The buyer pays and Alipay tells; the answer is Alipay's number of the trade."""
    wish = {"out_trade_no": f"tea_{order_no}", "amount_minor": amount_minor}
    return str((await stage.control("payments", **wish))["trade_no"])


async def all_else_holds(stage: Stage, record_url: str) -> None:
    """The verifier misses only that the pretended shop placed these orders; shops hear the last levels soon."""
    broken: dict[str, Any] = {}

    async def holds() -> bool:
        verified = await asyncio.to_thread(check, stage.town.dump(), record_url)
        broken.clear()
        broken.update((each.name, each.evidence) for each in verified if not each.held)
        return broken.keys() == {"shop-orders"}

    try:
        await stage.until(holds)
    except TimeoutError:
        raise AssertionError(broken) from None


async def cancel(stage: Stage, order_no: str, reason: str = "买家不想要了") -> httpx.Response:
    path = f"/orders/shop/tea/{order_no}/cancel"
    return await stage.shop.post(path, json={"reason": reason}, headers={"Idempotency-Key": f"cancel/{order_no}"})


async def amend(stage: Stage, order_no: str, recipient: dict[str, str]) -> httpx.Response:
    path = f"/orders/shop/tea/{order_no}/recipient"
    return await stage.shop.put(path, json=recipient, headers={"Idempotency-Key": f"amend/{order_no}"})
