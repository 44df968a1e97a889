"""How a person's word reaches the workflow that waits for it, and what it means when no answer comes.

UpdateFailed
├── NobodyRuns          no workflow of this id is running
└── TemporalAway        nothing was done, or it is not known: the same may be sent again
Besides: WorkflowUpdateFailedError, when the workflow said no.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

ANSWER_PATIENCE = timedelta(seconds=3)
ALL_CALLS_SECONDS = 4.0
HEALTH_PATIENCE = timedelta(seconds=1)
AWAY = "Temporal does not answer: send the same again"
Answer = TypeVar("Answer")


class UpdateFailed(Exception):
    pass


class NobodyRuns(UpdateFailed):
    pass


class TemporalAway(UpdateFailed):
    pass


async def told(temporal: Client, call: Callable[[], Awaitable[Answer]]) -> Answer | None:
    """The workflow's answer; None while it is handed over and no worker has taken it up."""
    try:
        # The SDK would go on calling a Temporal that is away; it turns being stopped into its own timeout error.
        async with asyncio.timeout(ALL_CALLS_SECONDS):
            return await call()
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        await _must_be_there(temporal)
        return None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise TemporalAway(AWAY) from error
        raise NobodyRuns from error
    except RuntimeError as error:  # a lazy client that could not connect
        raise TemporalAway(AWAY) from error


async def _must_be_there(temporal: Client) -> None:
    """A call that ran out of time looks the same without a worker and without Temporal."""
    try:
        there = await temporal.service_client.check_health(timeout=HEALTH_PATIENCE)
    except (RPCError, RuntimeError):
        there = False
    if not there:
        raise TemporalAway(AWAY)
