"""Our task queues as Temporal sees them: who polls them."""

from collections.abc import Sequence
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
    found = {}
    for queue in identity.TASK_QUEUES:
        polls = await _last_polls(client, queue)
        lately = [each for each, last in polls.items() if last >= now - FRESH]
        found[queue] = sum(not host or each.endswith(f"@{host}") for each in lately)
    return found


async def own_polls(client: Client, queues: Sequence[str]) -> dict[str, datetime | None]:
    """Task queue -> when this process polled it last, by Temporal's clock. Raises RPCError."""
    return {queue: (await _last_polls(client, queue)).get(client.identity) for queue in queues}


async def _last_polls(client: Client, queue: str) -> dict[str, datetime]:
    """Workers as `pid@host`. The enhanced mode: the plain one tells of one partition of a queue, and there are four."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        api_mode=DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
        task_queue_types=KINDS,
        report_pollers=True,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
    found: dict[str, datetime] = {}
    for version in answer.versions_info.values():
        for kind in version.types_info.values():
            for poller in kind.pollers:
                last = poller.last_access_time.ToDatetime(UTC)
                found[poller.identity] = max(last, found.get(poller.identity, last))
    return found
