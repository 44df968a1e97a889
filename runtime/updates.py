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

from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

ANSWER_PATIENCE = timedelta(seconds=3)
ALL_CALLS_SECONDS = 4.0
AWAY = "Temporal does not answer: send the same again"
NOT_TAKEN_UP = "no worker has taken it up yet: send the same again, it counts once"
Answer = TypeVar("Answer")


class UpdateFailed(Exception):
    pass


class NobodyRuns(UpdateFailed):
    pass


class TemporalAway(UpdateFailed):
    pass


async def told(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """The workflow's answer. Raises UpdateFailed.

    Without a worker that takes it up an update lives in Temporal's memory only (tried: a restart of Temporal loses it),
    so that nobody may count on it.
    """
    try:
        # The SDK would go on calling a Temporal that is away; it turns being stopped into its own timeout error.
        async with asyncio.timeout(ALL_CALLS_SECONDS):
            return await call()
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise TemporalAway(NOT_TAKEN_UP) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise TemporalAway(AWAY) from error
        raise NobodyRuns from error
    except RuntimeError as error:  # a lazy client that could not connect
        raise TemporalAway(AWAY) from error
