"""What a channel's test side must offer for the contract in test_channels.py, and the own shop's, in memory."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import httpx

from adapters.channels.own_shop import OwnShop, ShopListener
from adapters.http import open_client
from domain.reference import ShopId
from ports.channels import Channel
from ports.clock import FixedClock

NOW = datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC)
SECRET, NEXT = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
URL = "https://shop.example/api/stock"


class ChannelUnderTest(Protocol):
    channel: Channel

    def shown(self) -> dict[str, int]:
        """What the channel offers for sale, by platform sku."""

    def fail(self, *, after_effect: bool) -> None:
        """The next request gets no answer; with `after_effect` the channel has done what it asked for."""

    def answer(self, status: int) -> None:
        """The next request is turned away with this status."""


@dataclass
class DocumentedShop:
    """docs/shop-api.md, "What Lockstep tells the shop", as a server in memory."""

    secret: str = SECRET
    levels: dict[str, tuple[int, int]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    failure: bool | None = None
    refusal: int | None = None

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
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            return httpx.Response(refusal, json={"levels": "库存"})
        if not self._is_signed(request):
            return httpx.Response(401)
        for level in json.loads(request.content):
            known = self.levels.get(level["platform_sku"], (0, -1))
            if level["version"] > known[1]:
                self.levels[level["platform_sku"]] = (level["available"], level["version"])
        return httpx.Response(204)

    def _is_signed(self, request: httpx.Request) -> bool:
        prefix = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
        made = hmac.new(base64.b64decode(self.secret), prefix + request.content, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(made).decode()}" in request.headers["webhook-signature"].split(" ")


class OwnShopUnderTest:
    def __init__(self) -> None:
        self.server = DocumentedShop()
        self.channel: Channel = own_shop(self.server)

    def shown(self) -> dict[str, int]:
        return {sku: available for sku, (available, _) in self.server.levels.items()}

    def fail(self, *, after_effect: bool) -> None:
        self.server.failure = after_effect

    def answer(self, status: int) -> None:
        self.server.refusal = status


def own_shop(server: DocumentedShop, *secrets: str) -> OwnShop:
    listener = ShopListener(URL, secrets or (f"whsec_{SECRET}",))
    client = open_client(transport=httpx.MockTransport(server))
    return OwnShop(ShopId("shop", "tea"), listener, client, FixedClock(NOW))
