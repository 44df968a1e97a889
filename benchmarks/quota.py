"""A share of a core for a process, as a container's CPU limit gives it: it stands still once it has used more.

So a worker is the limit also on a machine with few cores, whose other cores the servers need.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psutil

_LOOK_EVERY_SECONDS = 0.01


@asynccontextmanager
async def limited(pids: Sequence[int], share: float) -> AsyncIterator[None]:
    """Each of these processes gets that share of one core."""
    keepers = [asyncio.create_task(_keep(psutil.Process(pid), share)) for pid in pids]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


async def _keep(process: psutil.Process, share: float) -> None:
    """What was not used lapses, so that an idle process saves nothing up."""
    stopped, allowed, last = False, 0.0, time.monotonic()
    used_before = _used(process)
    try:
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            now, used = time.monotonic(), _used(process)
            allowed = min(_LOOK_EVERY_SECONDS, allowed + (now - last) * share - (used - used_before))
            last, used_before = now, used
            if stopped and allowed >= 0:
                process.resume()
                stopped = False
            elif not stopped and allowed < 0:
                process.suspend()
                stopped = True
    finally:
        process.resume()


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
