"""A workflow's own answer about where it stands, within the time that a customer waits."""

import asyncio
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError

from runtime.wiring import House

QUERY_PATIENCE = timedelta(milliseconds=700)


class Source(StrEnum):
    WORKFLOW = "workflow"
    RECORD = "record"


async def ask(house: House, workflow_id: str, query: Any) -> Any:
    """None when it is closed, its workers are away, or it knows less than the record."""
    handle = house.temporal.get_workflow_handle(workflow_id)
    try:
        async with asyncio.timeout(QUERY_PATIENCE.total_seconds()):
            view = await handle.query(query, reject_condition=QueryRejectCondition.NOT_OPEN, rpc_timeout=QUERY_PATIENCE)
    except (RPCError, WorkflowQueryRejectedError, WorkflowQueryFailedError, TimeoutError):
        return None
    return view if view.known else None
