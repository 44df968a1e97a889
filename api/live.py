"""Live pages: a browser hears within seconds that an order has moved, and loads its page again.

Server-sent events, by the HTML standard. A stream lasts for seconds and ends by itself; the browser comes back and
says what it heard last, so that nothing is missed, and no stream outlives its worker's end or its proof.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from api.errors import Problem
from domain.reference import OrderId
from persistence import progress
from persistence.engine import reading
from runtime.wiring import House

LASTS_SECONDS = 20.0
LOOK_EVERY_SECONDS = 1.0
COME_BACK_AFTER_MS = 1000
MOST_STREAMS = 200  # of one process; each asks the record once a second


@dataclass
class Streams:
    """Those of one process that are open."""

    open: int = 0

    def must_have_room(self) -> None:
        """Problem 503 when there are too many: the page then renews itself without."""
        if self.open >= MOST_STREAMS:
            raise Problem(503, "too-many-streams", "too many pages listen: look again", headers={"retry-after": "30"})


async def changes(house: House, streams: Streams, order_id: OrderId, seen: int) -> AsyncIterator[str]:
    """One event `changed` for each version of the record after the one that was `seen`; its id is the version."""
    streams.open += 1
    try:
        end = time.monotonic() + LASTS_SECONDS
        yield f"retry: {COME_BACK_AFTER_MS}\n\n"
        while time.monotonic() < end:
            async with reading(house.engine) as db:
                version = await progress.version(db, order_id)
            if version > seen:
                seen = version
                yield f"id: {version}\nevent: changed\ndata: {version}\n\n"
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    finally:
        streams.open -= 1
