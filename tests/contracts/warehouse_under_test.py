"""What a warehouse's test side must offer for the contract in test_warehouses.py, and the one that speaks HTTP."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from adapters.http import open_client
from adapters.warehouse.http import HttpWarehouse, WarehouseAccess
from ports.clock import FixedClock
from ports.messages import RawMessage
from ports.warehouse import Warehouse

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
SECRETS = tuple(base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
ACCESS = WarehouseAccess("https://warehouse.example/", "token-1", (f"whsec_{SECRETS[0]}", SECRETS[1]))
NOWHERE = "nowhere"


class WarehouseUnderTest(Protocol):
    warehouse: Warehouse

    def stock_up(self, sku: str, on_hand: int) -> None:
        """From now on the warehouse knows `sku`."""

    def ship(self, reference: str) -> None:
        """All goods of the order leave the house."""

    def fail(self, *, after_effect: bool) -> None:
        """The next request gets no answer; with `after_effect` the warehouse has done what it asked for."""

    def told(self, event: Mapping[str, Any]) -> RawMessage:
        """The genuine message that tells `event`, sent now."""


@dataclass
class DocumentedWarehouse:
    """docs/warehouse-api.md as a server in memory. The district NOWHERE is an address it rejects."""

    stock: dict[str, int] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    returns: dict[str, Any] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    failure: bool | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        failure, self.failure = self.failure, None
        if failure is False:
            raise httpx.ConnectError("cut", request=request)
        response = self._answered(request)
        if failure is True:
            raise httpx.ReadError("cut", request=request)
        return response

    def _answered(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != "Bearer token-1":
            return _error(401, "unauthorized")
        match request.method, request.url.path.removeprefix("/v1/").split("/"):
            case "GET", ["stock"]:
                known = [sku for sku in request.url.params.get_list("sku") if sku in self.stock]
                levels = [{"sku": sku, "on_hand": self.stock[sku]} for sku in known]
                return httpx.Response(200, json={"levels": levels})
            case "PUT", ["outbound-orders", reference] if request.headers["idempotency-key"]:
                return self._put(reference, json.loads(request.content))
            case "PUT", ["returns", reference] if request.headers["idempotency-key"]:
                content = json.loads(request.content)
                known = self.returns.setdefault(reference, content)
                return httpx.Response(200, json={"state": "expected"}) if known == content else _different()
            case "POST", ["outbound-orders", reference, verb] if request.headers["idempotency-key"]:
                return self._move(reference, verb)
        return _error(404, "no_such_route")

    def _put(self, reference: str, content: dict[str, Any]) -> httpx.Response:
        order = self.orders.get(reference)
        if order is not None:
            if order["state"] == "stopped":
                return _error(409, "stopped")
            if order["content"] != content:
                return _error(409, "different_content")
            return _accepted(200, order)
        reason = self._reason_against(content)
        if reason:
            return _error(422, reason)
        order = {"outbound_no": f"OUT-{len(self.orders) + 1}", "state": "accepted", "content": content}
        self.orders[reference] = order
        return _accepted(201, order)

    def _reason_against(self, content: dict[str, Any]) -> str | None:
        if any(line["sku"] not in self.stock for line in content["lines"]):
            return "unknown_sku"
        if content["recipient"]["district"] == NOWHERE:
            return "address_rejected"
        return "out_of_stock" if any(line["quantity"] > self.stock[line["sku"]] for line in content["lines"]) else None

    def _move(self, reference: str, verb: str) -> httpx.Response:
        to = {"intercept": "stopped", "hold": "held", "release": "released"}[verb]
        if reference not in self.orders and verb != "intercept":
            return _error(404, "not_found")
        order = self.orders.setdefault(reference, {"state": "accepted"})
        if order["state"] == "shipped":
            return httpx.Response(200, json={"result": "too_late"})
        order["state"] = to
        return httpx.Response(200, json={"result": to})


class HttpWarehouseUnderTest:
    def __init__(self) -> None:
        self.server = DocumentedWarehouse()
        self.warehouse: Warehouse = http_warehouse(self.server)

    def stock_up(self, sku: str, on_hand: int) -> None:
        self.server.stock[sku] = on_hand

    def ship(self, reference: str) -> None:
        self.server.orders[reference]["state"] = "shipped"

    def fail(self, *, after_effect: bool) -> None:
        self.server.failure = after_effect

    def told(self, event: Mapping[str, Any]) -> RawMessage:
        return webhook(json.dumps(event, ensure_ascii=False).encode())


def http_warehouse(server: Any, access: WarehouseAccess = ACCESS) -> HttpWarehouse:
    return HttpWarehouse(access, open_client(transport=httpx.MockTransport(server)), FixedClock(NOW))


def webhook(
    body: bytes, *, message_id: str = "evt-1", sent: int = int(NOW.timestamp()), secret: str = SECRETS[0]
) -> RawMessage:
    made = hmac.new(base64.b64decode(secret), f"{message_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    return RawMessage(
        {
            "webhook-id": message_id,
            "webhook-timestamp": str(sent),
            "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
        },
        body,
    )


def _accepted(status: int, order: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(status, json={"outbound_no": order["outbound_no"], "state": "accepted"})


def _different() -> httpx.Response:
    return _error(409, "different_content")


def _error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "收件人 138-1"})
