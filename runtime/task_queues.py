"""Our task queues as Temporal sees them: who polls them."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import DescribeTaskQueueMode, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from workflows import identity

PATIENCE = timedelta(seconds=3)
FRESH = timedelta(seconds=75)  # a poll lasts a minute; Temporal remembers pollers for longer than they live
KINDS = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


async def pollers(client: Client, now: datetime, host: str = "") -> dict[str, int]:
    """Task queue -> how many workers polled it lately, those of one host where it is named. Raises RPCError."""
    found = {queue: await _pollers(client, queue, now - FRESH) for queue in identity.TASK_QUEUES}
    return {queue: sum(not host or each.endswith(f"@{host}") for each in found[queue]) for queue in found}


async def _pollers(client: Client, queue: str, since: datetime) -> set[str]:
    """Workers as `pid@host`. The enhanced mode: the plain one tells of one partition of a queue, and there are four."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        api_mode=DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
        task_queue_types=KINDS,
        report_pollers=True,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
    return {
        poller.identity
        for version in answer.versions_info.values()
        for kind in version.types_info.values()
        for poller in kind.pollers
        if poller.last_access_time.ToDatetime(UTC) >= since
    }
