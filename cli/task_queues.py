"""What Temporal says of itself and of who polls our task queues."""

from temporalio.client import Client
from temporalio.service import RPCError

from ports.clock import SystemClock
from runtime.config import TemporalSettings
from runtime.task_queues import PATIENCE, pollers
from runtime.temporal_access import access


class TemporalSilent(Exception):
    """It cannot be asked; the message says why."""


async def is_serving(settings: TemporalSettings) -> bool:
    try:
        client = await Client.connect(**access(settings))
        return await client.service_client.check_health(timeout=PATIENCE)
    except (RuntimeError, RPCError):  # RuntimeError: nothing listens there
        return False


async def polled_queues(settings: TemporalSettings, host: str = "") -> dict[str, bool]:
    """Task queue -> whether a worker polls it, one of this host where it is named. Raises TemporalSilent."""
    try:
        found = await pollers(await Client.connect(**access(settings)), SystemClock().now(), host)
    except (RuntimeError, RPCError) as error:
        said = error.message if isinstance(error, RPCError) else "nothing answers"
        raise TemporalSilent(f"Temporal at {settings.temporal_address}: {said}") from error
    return {queue: count > 0 for queue, count in found.items()}
