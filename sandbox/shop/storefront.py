"""The shop's side of the API: placing and cancelling orders, again and again until Lockstep answers.

What it is told the other way round is on its level board.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.courier import Courier, Delivery, Envelope
from sandbox.pace import now
from sandbox.shop.level_board import LevelBoard
from sandbox.shop.orders import CHANNEL, Order

ORDERS = "/orders"
LAST_BEFORE_OPENING = 1000  # the first order is number 1001
OK_BELOW = 300
BROKEN_FROM = 500
BUSY = {408, 429}
RETRY_AFTER = (10.0, 20.0, 40.0, 80.0, *(120.0 for _ in range(60)))
"""The world's seconds. About two hours, two real minutes at scale 60: enough for a restart of the API."""


@dataclass
class Errand:
    """One request to the shop API with all its attempts."""

    deliveries: list[Delivery] = field(default_factory=list)

    def is_taken(self, delivery: Delivery) -> bool:
        """No use to repeat: done, or refused for a reason that stays."""
        return delivery.status is not None and delivery.status < BROKEN_FROM and delivery.status not in BUSY

    @property
    def is_done(self) -> bool:
        last = self.deliveries[-1] if self.deliveries else None
        return last is not None and last.status is not None and last.status < OK_BELOW


class Storefront:
    def __init__(self, courier: Courier, api_token: str, level_board: LevelBoard) -> None:
        self.level_board = level_board
        self.orders: dict[str, Order] = {}
        self._courier = courier
        self._api_token = api_token

    def next_order_no(self) -> int:
        """Above every number given so far."""
        given = (int(order.order_no) for order in self.orders.values() if order.order_no.isdecimal())
        return max(given, default=LAST_BEFORE_OPENING) + 1

    def take(self, order: Order) -> None:
        """The buyer sends the order off; from here on it stands in the shop's books."""
        self.orders[order.out_trade_no] = order

    async def place(self, order: Order) -> bool:
        """True once Lockstep has accepted it, False if it never will."""
        self.take(order)
        order.placed_at = now()
        key = f"place/{CHANNEL}/{order.shop_id}/{order.order_no}"
        errand = Errand(order.deliveries)
        await self._send(errand, ORDERS, key, order.wire())
        if errand.is_done:
            order.accepted_at = now()
        return errand.is_done

    async def cancel(self, order: Order, reason: str) -> bool:
        path = f"{ORDERS}/{CHANNEL}/{order.shop_id}/{order.order_no}/cancel"
        key = f"cancel/{CHANNEL}/{order.shop_id}/{order.order_no}"
        errand = Errand()
        await self._send(errand, path, key, {"reason": reason})
        order.cancel_answer = errand.deliveries[-1]
        if errand.is_done:
            order.cancelled_at = now()
        return errand.is_done

    async def _send(self, errand: Errand, path: str, key: str, content: Mapping[str, object]) -> None:
        headers = {
            "Authorization": f"Bearer {self._api_token}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        envelope = Envelope(path, headers, json.dumps(content, ensure_ascii=False).encode())
        await self._courier.deliver(errand, lambda: envelope, RETRY_AFTER)
