"""The life of a worker process: runs until it is told to stop, drains, and never lives on after a fatal error."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

from temporalio.worker import Worker

from runtime.config import Settings
from runtime.logs import start_logs
from runtime.starting import CannotStart, OutsideAway, read_all_settings, tell_unknown_variables
from runtime.task_queues import own_polls
from runtime.telemetry import telemetry
from runtime.watch import watching
from runtime.watchdog import Watchdog
from runtime.wiring import GRACE, open_house, workers

log = logging.getLogger("lockstep.worker")
NOT_SERVED = "Worker validation failed"  # as the SDK says it: such as a namespace that nobody made
HARD_STOP_SECONDS = GRACE.total_seconds() + 10


def run_worker() -> int:
    """The whole life of a worker process; its exit code is the answer."""
    start_logs()
    tell_unknown_variables()
    try:
        asyncio.run(serve(read_all_settings()))
    except CannotStart as reason:
        sys.stderr.write(f"error: {reason}\n")
        return reason.exit_code
    return 0


async def serve(settings: Settings) -> None:
    """Raises CannotStart."""
    with telemetry(settings, "worker") as metrics:
        async with open_house(settings, metrics=metrics) as house, watching(house):
            watchdog = Watchdog(lambda: own_polls(house.temporal, settings.queue_list))
            await run_until_told(workers(house), watchdog)


async def run_until_told(serving: Sequence[Worker], watchdog: Watchdog) -> None:
    """SIGTERM and SIGINT drain. An error of one worker, or of the watchdog, ends all: the process exits non-zero."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    running = [asyncio.create_task(worker.run()) for worker in serving]
    waiting, guarding = asyncio.create_task(told.wait()), asyncio.create_task(watchdog.run())
    log.info("serving %s", ", ".join(worker.task_queue for worker in serving))
    await asyncio.wait([*running, waiting, guarding], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    loop.call_later(HARD_STOP_SECONDS, os._exit, 1)  # a worker that can't drain must not hang for ever
    await asyncio.gather(*(worker.shutdown() for worker in serving))
    try:
        await asyncio.gather(*running)
    except RuntimeError as error:
        if str(error).startswith(NOT_SERVED):
            raise OutsideAway(f"Temporal does not let us serve: {str(error).splitlines()[0]}") from error
        raise
    if guarding.done():
        await guarding
    guarding.cancel()
