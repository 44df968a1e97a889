"""Background work: everything the pretend world does on its own account, so that all of it can be sent home."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Crew:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    async def dismiss(self) -> None:
        """Cancel everyone and wait until they are gone."""
        while self._tasks:
            leaving = list(self._tasks)
            for task in leaving:
                task.cancel()
            await asyncio.gather(*leaving, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)
