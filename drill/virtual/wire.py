"""The wire to the outside: what happens around a call, and the outside's book of calls."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.reference import OrderId
from drill.virtual.life import Deed, Life, Lives
from drill.virtual.matrix import Call, Fault
from ports.errors import Unavailable

Answer = TypeVar("Answer")
OUTAGES_MINUTES = (2, 15, 90, 150)
OVERTAKEN_WITHIN_SECONDS = 2.0  # real ones, in which the message must be heard before the call is answered after all
UNAVAILABLE, BROKEN = 503, 500


@dataclass(frozen=True)
class Booked:
    """A call in the books of the outside. `status` is what the caller could read, None: it was cut off."""

    call: Call
    subject: str
    key: str
    parameters_sha256: str
    at: datetime
    status: int | None


class Unclear(Unavailable):
    """The call arrived, and what became of it was not heard."""


@dataclass
class Calls:
    """What happens on the wire around a call. `gives_up`: whether the order's workflow wants no answer any more."""

    lives: Lives
    now: Callable[[], datetime]
    start: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    gives_up: Callable[[OrderId], Awaitable[bool]]
    booked: list[Booked] = field(default_factory=list)

    async def through(
        self, call: Call, life: Life, about: tuple[str, str, object], act: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """`about`: subject, idempotency key, parameters. Raises Unavailable as planned, before or after the effect."""
        now, system = self.now(), call.partition(".")[0]
        if life.is_struck(Fault.OUTAGE, call):
            life.away_until[system] = now + timedelta(minutes=life.rng.choice(OUTAGES_MINUTES))
        if now < life.away_until.get(system, now):
            self._book(call, about, UNAVAILABLE)
            raise Unavailable(f"{system} is away")
        if life.is_struck(Fault.ERROR, call):
            self._book(call, about, BROKEN)
            raise Unclear(f"{system} answered {BROKEN}")
        cut = life.is_struck(Fault.CUT, call)
        answer = await act()
        if call in life.overtakers and life.is_struck(Fault.DELAY, call):
            await self._overtaken(life, life.overtakers.pop(call))
        self._book(call, about, None if cut else 200)
        if cut:
            raise Unclear(f"{system} hung up")
        return answer

    async def tell(self, deed: Deed) -> None:
        """A message goes out now; nobody waits for it longer than a moment."""
        await asyncio.wait([self.start(deed())], timeout=OVERTAKEN_WITHIN_SECONDS)

    async def _overtaken(self, life: Life, deed: Deed) -> None:
        """The answer waits until the message was heard.

        The test server cannot take an answer and the wish for none at the same time, as a real one can.
        """
        await self.tell(deed)
        with suppress(TimeoutError):
            async with asyncio.timeout(OVERTAKEN_WITHIN_SECONDS):
                while not await self.gives_up(life.order_id):  # noqa: ASYNC110 - it is the history that is watched
                    await asyncio.sleep(0.02)

    def _book(self, call: Call, about: tuple[str, str, object], status: int | None) -> None:
        subject, key, parameters = about
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        self.booked.append(Booked(call, subject, key, digest, self.now(), status))
