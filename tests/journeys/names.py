"""Who speaks in a journey: who decides with a token of his own, all others with the shop's."""

import asyncio
import json
from collections.abc import AsyncGenerator

import httpx

from persistence import access
from runtime.wiring import House
from tests.api.people import hired

DECIDING = ("/decide", "/decisions", "/assessment", "/money/stop", "/money/resume")
SCOPES = ("cases:write", "money:write")


class InHisName(httpx.Auth):
    """A decision goes out with a token of the person whom its body names, anything else with `shop_token`."""

    def __init__(self, house: House, shop_token: str) -> None:
        self._house, self.shop_token = house, shop_token
        self._tokens: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        secret = self.shop_token
        if request.url.path.endswith(DECIDING) and request.content:
            secret = await self._token_of(str(json.loads(request.content)["by"]))
        request.headers.setdefault("Authorization", f"Bearer {secret}")
        yield request

    async def _token_of(self, person: str) -> str:
        async with self._one_at_a_time:
            if person not in self._tokens:
                async with self._house.engine.begin() as db:
                    await hired(db, person)
                    now = self._house.clock.now()
                    made = await access.create_token(db, f"staff {person}", SCOPES, now, person)
                self._tokens[person] = made
            return self._tokens[person]
