"""The merchant's own shop, told by signed messages: docs/shop-api.md."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

import httpx

from adapters.http import exchange
from adapters.standard_webhooks import StandardWebhooks
from domain.reference import ShopId
from ports.channels import Channel, ShopLevel
from ports.clock import Clock
from ports.errors import AnswerNotUnderstood

SUCCESSES = range(200, 300)


@dataclass(frozen=True)
class ShopListener:
    """Where a shop takes stock levels. `secrets` are base64, with or without `whsec_`; several while they rotate."""

    stock_url: str
    secrets: tuple[str, ...] = field(repr=False)


class OwnShop(Channel):
    """Raises ValueError when a secret is no secret."""

    def __init__(self, shop: ShopId, listener: ShopListener, client: httpx.AsyncClient, clock: Clock) -> None:
        self._shop = shop
        self._url = listener.stock_url
        self._webhooks = StandardWebhooks(listener.secrets, clock)
        self._client = client

    async def push_levels(self, levels: tuple[ShopLevel, ...]) -> None:
        body = json.dumps([asdict(level) for level in levels], ensure_ascii=False).encode()
        # The same content has the same id: a shop that drops ids it has seen loses nothing.
        message_id = f"levels/{self._shop}/{hashlib.sha256(body).hexdigest()[:32]}"
        headers = {**self._webhooks.headers(message_id, body), "content-type": "application/json"}
        answer = await exchange(self._client, "PUT", self._url, content=body, headers=headers)
        if answer.status not in SUCCESSES:
            raise AnswerNotUnderstood(f"{answer.place}: answered {answer.status}")
