"""The way to Lockstep: one or several base URLs in turn, and deliveries that are tried again until they are taken."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import Protocol

import httpx

from sandbox.pace import Pace, now, shown

AT_ONCE = 48  # requests under way at the same time
PATIENCE = 10.0  # real seconds until an unanswered request counts as lost
ANSWER_KEPT = 200  # characters of an answer that the ledger keeps


@dataclass(frozen=True)
class Envelope:
    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


@dataclass(frozen=True)
class Delivery:
    """One attempt. `status` is None when no answer came; `answer` then names the error."""

    at: datetime
    status: int | None
    answer: str

    def shown(self) -> dict[str, object]:
        return {"at": shown(self.at), "status": self.status, "answer": self.answer[:ANSWER_KEPT]}


class Mail(Protocol):
    deliveries: list[Delivery]

    def is_taken(self, delivery: Delivery) -> bool:
        """Does this answer stop the sender?"""


class Courier:
    def __init__(self, urls: Sequence[str], pace: Pace, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._bases = cycle([url.rstrip("/") for url in urls])
        self.pace = pace
        self._room = asyncio.Semaphore(AT_ONCE)
        self._http = httpx.AsyncClient(transport=transport, timeout=PATIENCE, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, envelope: Envelope) -> Delivery:
        """One attempt at the next base URL. A lost connection is an answer too: one without a status."""
        async with self._room:
            url = next(self._bases) + envelope.path
            sent_at = now()
            try:
                answer = await self._http.request(
                    envelope.method, url, content=envelope.body, headers=dict(envelope.headers)
                )
            except httpx.HTTPError as error:
                return Delivery(sent_at, None, type(error).__name__)
            return Delivery(sent_at, answer.status_code, answer.text)

    async def attempt(self, mail: Mail, envelope: Envelope) -> bool:
        delivery = await self.post(envelope)
        mail.deliveries.append(delivery)
        return mail.is_taken(delivery)

    async def deliver(
        self, mail: Mail, write: Callable[[], Envelope], pauses: Sequence[float], copies: int = 1
    ) -> bool:
        """At once (in `copies` at the same time), then after each pause until it is taken. False: given up.

        Pauses are the world's seconds. The message is written anew for each attempt, for the sake of its time stamp.
        """
        envelope = write()
        if any(await asyncio.gather(*(self.attempt(mail, envelope) for _ in range(copies)))):
            return True
        for pause in pauses:
            await self.pace.pause(pause)
            if await self.attempt(mail, write()):
                return True
        return False
