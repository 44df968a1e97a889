"""What Temporal says of itself and of who polls our task queues."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from cli.surroundings import TemporalSettings
from workflows import identity

PATIENCE = timedelta(seconds=3)
POLLED = {
    identity.ORDERS: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    identity.PAYMENTS: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    identity.WAREHOUSE: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


class TemporalSilent(Exception):
    """It cannot be asked; the message says why."""


async def is_serving(settings: TemporalSettings) -> bool:
    try:
        client = await _connect(settings)
        return await client.service_client.check_health(timeout=PATIENCE)
    except (RuntimeError, RPCError):  # RuntimeError: nothing listens there
        return False


async def last_polls(settings: TemporalSettings) -> dict[str, datetime | None]:
    """Task queue -> when a worker polled it last. Raises TemporalSilent."""
    try:
        client = await _connect(settings)
        return {queue: await _last_poll(client, queue) for queue in POLLED}
    except (RuntimeError, RPCError) as error:
        said = error.message if isinstance(error, RPCError) else "nothing answers"
        raise TemporalSilent(f"Temporal at {settings.temporal_address}: {said}") from error


async def _connect(settings: TemporalSettings) -> Client:
    return await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)


async def _last_poll(client: Client, queue: str) -> datetime | None:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=POLLED[queue]
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
    return max((each.last_access_time.ToDatetime(UTC) for each in answer.pollers), default=None)
