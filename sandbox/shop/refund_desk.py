"""Refunds over Lockstep's API: buyers ask through their shop, the merchant's people decide with tokens of their own."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.courier import Courier, Delivery, Envelope
from sandbox.shop.orders import CHANNEL, Order
from sandbox.shop.storefront import RETRY_AFTER, Errand

Json = dict[str, Any]
OK = 200


class RefundDesk:
    """`staff`: person -> his token. What the shop and its buyers say goes out with `shop_token`."""

    def __init__(self, courier: Courier, shop_token: str, staff: Mapping[str, str]) -> None:
        self._courier = courier
        self._shop_token = shop_token
        self._staff = staff

    async def ask(self, order: Order, wish: Json) -> Delivery:
        """Again and again until it is answered: a repeat is the same refund."""
        about = {"channel": CHANNEL, "shop_id": order.shop_id, "order_no": order.order_no}
        content = {**about, "applicant": order.customer_id, **wish}
        key = f"refund/{CHANNEL}/{order.shop_id}/{order.order_no}"
        errand = Errand()
        envelope = self._envelope("POST", "/refunds", self._shop_token, content, key)
        await self._courier.deliver(errand, lambda: envelope, RETRY_AFTER)
        return errand.deliveries[-1]

    async def look(self, refund: str) -> Json | None:
        """As the shop sees it; None while nobody can tell."""
        return await self._get(f"/refunds/{refund}")

    async def stage_of(self, order: Order) -> str | None:
        shown = await self._get(f"/orders/{CHANNEL}/{order.shop_id}/{order.order_no}")
        return None if shown is None else str(shown["stage"])

    async def decide(self, by: str, shown: Json, task: int, verb: str) -> None:
        """In his own name, for what he saw. Whether it counted is seen by looking."""
        seen = {"verb": verb, "version": shown["approval"]["version"], "task": task, "reason": "看过了"}
        await self._send("POST", f"/refunds/{shown['refund']}/decisions", self._staff[by], seen)

    async def assess(self, by: str, refund: str, deductions: Mapping[str, int]) -> None:
        taken_off = [{"line_id": line_id, "amount_minor": amount} for line_id, amount in deductions.items()]
        said = {"reason": "压坏了", "deductions": taken_off}
        await self._send("POST", f"/refunds/{refund}/assessment", self._staff[by], said)

    async def withdraw(self, shown: Json) -> None:
        said = {"by": shown["applicant"], "version": shown["approval"]["version"]}
        await self._send("POST", f"/refunds/{shown['refund']}/withdrawal", self._shop_token, said)

    async def send_goods(self, shown: Json) -> None:
        waybill = {"by": shown["applicant"], "carrier": "sf", "waybill_no": f"SF-B-{shown['refund']}"}
        await self._send("PUT", f"/refunds/{shown['refund']}/waybill", self._shop_token, waybill)

    async def _get(self, path: str) -> Json | None:
        delivery = await self._courier.post(self._envelope("GET", path, self._shop_token))
        if delivery.status != OK:
            return None
        found: Json = json.loads(delivery.answer)
        return found

    async def _send(self, method: str, path: str, token: str, content: Json) -> None:
        await self._courier.post(self._envelope(method, path, token, content))

    def _envelope(self, method: str, path: str, token: str, content: Json | None = None, key: str = "") -> Envelope:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        return Envelope(path, headers, body, method)
