"""The life of a worker process: runs until it is told to stop, drains, and never lives on after a fatal error."""

import asyncio
import logging
import os
import signal

from temporalio.worker import Worker

from runtime.config import Settings
from runtime.telemetry import telemetry
from runtime.watch import watching
from runtime.wiring import GRACE, open_house, workers

log = logging.getLogger("lockstep.worker")
HARD_STOP_SECONDS = GRACE.total_seconds() + 10


async def serve(settings: Settings) -> None:
    """Raises RuntimeError when Temporal cannot be reached, ValueError for settings that make no sense."""
    with telemetry(settings, "worker") as metrics:
        async with open_house(settings, metrics=metrics) as house, watching(house):
            await run_until_told(workers(house))


async def run_until_told(serving: list[Worker]) -> None:
    """SIGTERM and SIGINT drain. An error of one worker ends all of them and is raised: the process exits non-zero."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    running = [asyncio.create_task(worker.run()) for worker in serving]
    waiting = asyncio.create_task(told.wait())
    log.info("serving %s", ", ".join(worker.task_queue for worker in serving))
    await asyncio.wait([*running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    loop.call_later(HARD_STOP_SECONDS, os._exit, 1)  # a worker that can't drain must not hang for ever
    await asyncio.gather(*(worker.shutdown() for worker in serving))
    await asyncio.gather(*running)
