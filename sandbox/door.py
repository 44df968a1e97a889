"""Where requests come in. The faults planted for a request happen here, before or after its effect."""

import asyncio
from collections.abc import Callable
from time import monotonic

from starlette.responses import Response

from sandbox.faults import OF_ONE_CALL, Fault, FaultBook, Place, Planted
from sandbox.server import ConnectionCut

UNAVAILABLE = 503
BROKEN = 500


class Door:
    """One counterpart's entrance. `error` words a failure in that counterpart's own way."""

    def __init__(self, place: Place, faults: FaultBook, error: Callable[[int], Response]) -> None:
        self.place = place
        self._faults = faults
        self._error = error
        self._out_until = 0.0

    @property
    def is_out(self) -> bool:
        return monotonic() < self._out_until

    def shut(self, seconds: float) -> None:
        """An outage from now on, in real seconds."""
        self._out_until = monotonic() + seconds

    async def opened(self) -> None:
        """Wait for the end of an outage."""
        if self.is_out:
            await asyncio.sleep(self._out_until - monotonic())
            await self.opened()

    async def answer(self, key: str, act: Callable[[], Response], *, about: Place | None = None) -> Response:
        """`act` has the request's effect and words its answer. Whether the caller gets to see it is decided here.

        `about`: faults of a call that are planted there strike only requests of this kind.
        """
        if self.is_out:
            return self._error(UNAVAILABLE)
        planted = self._faults.take(self.place, key)
        if planted is None and about is not None:
            planted = self._faults.take(about, key, *OF_ONE_CALL)
        if planted is None:
            return act()
        if planted.fault is Fault.OUTAGE:
            self.shut(planted.seconds)
            return self._error(UNAVAILABLE)
        if planted.fault is Fault.SERVER_ERROR:
            return self._error(BROKEN)
        return await self._spoilt(planted, act())

    async def _spoilt(self, planted: Planted, answer: Response) -> Response:
        if planted.fault is Fault.CUT:
            return ConnectionCut()
        if planted.fault is Fault.LATE_ERROR:
            return self._error(BROKEN)
        await asyncio.sleep(planted.seconds)
        return answer
