"""How often somebody may ask: an allowance per subject and window, shared by all API processes through Postgres.

A process takes a share of the window's allowance at a time and spends it in memory, so that nearly every request asks
nobody. Nothing is ever granted twice: a limit holds for all processes together. What a process took and did not
spend is lost with the window, so that several processes may grant a little less.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.errors import Problem
from persistence import access
from runtime.wiring import House

SHARES = 20  # of a window's allowance that one process takes at a time
MOST_SUBJECTS = 10_000  # remembered by one process; a forgotten one costs a question


@dataclass(frozen=True)
class Limit:
    """`allowed` times in each window, for each subject of this `kind`; `sentence` says so to whoever was too fast."""

    kind: str
    allowed: int
    window: timedelta
    sentence: str

    def window_at(self, now: datetime) -> tuple[datetime, datetime]:
        """Windows are the same for all processes: they begin at whole minutes or hours."""
        begun = datetime.min.replace(tzinfo=UTC)
        begin = now - (now - begun) % self.window
        return begin, begin + self.window


@dataclass
class _Left:
    """What this process may still spend until the window ends; `asked` when it was the last share."""

    until: datetime
    count: int = 0
    exhausted: bool = False


class Allowances:
    """One per process."""

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def spend(self, here: House, limit: Limit, name: str) -> None:
        """Once more for this name. Problem 429 when the window's allowance is used up."""
        subject, now = f"{limit.kind}/{name}", here.clock.now()
        while True:
            left = self._left.get(subject)
            if left is None or left.until <= now:
                left = self._begin(limit, subject, now)
            if left.count > 0:
                left.count -= 1
                return
            if left.exhausted:
                seconds = str(int((left.until - now).total_seconds()) + 1)
                raise Problem(429, "too-many-requests", limit.sentence, headers={"retry-after": seconds})
            await self._ask(here, limit, subject, left)

    def _begin(self, limit: Limit, subject: str, now: datetime) -> _Left:
        while len(self._left) >= MOST_SUBJECTS:
            del self._left[next(iter(self._left))]
        left = _Left(limit.window_at(now)[1])
        self._left[subject] = left
        return left

    async def _ask(self, here: House, limit: Limit, subject: str, left: _Left) -> None:
        """Requests that come at the same time ask once, not each for a share of its own."""
        if subject not in self._asking:
            asking = asyncio.create_task(_take_share(here, limit, subject, left))
            self._asking[subject] = asking
            asking.add_done_callback(lambda _: self._asking.pop(subject))
        await asyncio.shield(self._asking[subject])


async def _take_share(here: House, limit: Limit, subject: str, left: _Left) -> None:
    share = max(1, limit.allowed // SHARES)
    async with here.engine.begin() as db:
        used = await access.take_share(db, subject, share, left.until - limit.window)
    left.count += max(0, min(share, limit.allowed - (used - share)))
    left.exhausted = left.count == 0
