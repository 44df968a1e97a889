"""What an order costs Temporal, counted in its history.

Actions by the rules of Temporal Cloud (docs.temporal.io, "Temporal Cloud Actions", read 2026-11), as far as a history
shows them:

| event | Actions |
| --- | --- |
| workflow execution started (also by signal-with-start, continue-as-new) | 1; its search attributes are free |
| workflow execution signaled | 1 each; so signal-with-start is 2 |
| update accepted | 1 |
| timer started | 1, also the one a wait with a limit starts |
| activity task | 1 for each attempt |
| local activities | 1 for all that end in one workflow task |
| search attributes upserted | 1 each time, however many attributes |
| workflow tasks, completion, timer fired or cancelled, other markers | 0 |

A history does not show queries (1 each), rejected updates (1) and heartbeats of long workflow tasks (1).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

_ONE_EACH = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}
_LOCAL_ACTIVITY = "core_local_activity"


@dataclass(frozen=True)
class Cost:
    events: int
    actions: int
    workflow_tasks: int


def cost(events: Iterable[HistoryEvent]) -> Cost:
    events = list(events)
    kinds = [event.event_type for event in events]
    attempts = sum(
        max(1, event.activity_task_started_event_attributes.attempt)
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )
    tasks_with_local_activities = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in events
        if event.marker_recorded_event_attributes.marker_name == _LOCAL_ACTIVITY
    }
    return Cost(
        len(events),
        sum(kind in _ONE_EACH for kind in kinds) + attempts + len(tasks_with_local_activities),
        kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
    )


def before_signal(events: Iterable[HistoryEvent], signal: str) -> list[HistoryEvent]:
    """The history up to the moment when it heard this signal first."""
    before = []
    for event in events:
        if event.workflow_execution_signaled_event_attributes.signal_name == signal:
            break
        before.append(event)
    return before
