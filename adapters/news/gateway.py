"""A gateway that sends SMS to phones and messages to the staff: docs/news-gateway.md."""

from dataclasses import dataclass, field

import httpx

from adapters.http import exchange
from ports.errors import AnswerNotUnderstood
from ports.news import NewsCarrier, NewsMessage

SUCCESSES = range(200, 300)


@dataclass(frozen=True)
class GatewayAccess:
    url: str
    token: str = field(repr=False)


class NewsGateway(NewsCarrier):
    def __init__(self, access: GatewayAccess, client: httpx.AsyncClient) -> None:
        self._access = access
        self._client = client

    async def carry(self, message: NewsMessage) -> None:
        """The id stands in the address, so that a second PUT is the same message."""
        answer = await exchange(
            self._client,
            "PUT",
            f"{self._access.url.rstrip('/')}/messages/{message.id}",
            json={"audience": message.audience, "to": message.to, "text": message.text},
            headers={"authorization": f"Bearer {self._access.token}"},
        )
        if answer.status not in SUCCESSES:
            raise AnswerNotUnderstood(f"{answer.place}: answered {answer.status}")
