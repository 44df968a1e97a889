"""What the benchmark counts, and how it reads a profile."""

from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from benchmarks.figures import percentile
from benchmarks.flame import shares_of
from benchmarks.histories import before_signal, cost
from benchmarks.processes import spent
from benchmarks.scenarios.peak import LONG, SHORT, Shape

SAVED = Path(__file__).parents[1] / "replay/histories"


def local_activity(task: int) -> HistoryEvent:
    event = HistoryEvent(event_type=EventType.EVENT_TYPE_MARKER_RECORDED)
    event.marker_recorded_event_attributes.marker_name = "core_local_activity"
    event.marker_recorded_event_attributes.workflow_task_completed_event_id = task
    return event


def kind(name: str) -> HistoryEvent:
    return HistoryEvent(event_type=EventType.Value(f"EVENT_TYPE_{name}"))


def test_all_local_activities_of_one_task_are_one_action() -> None:
    found = cost([kind("WORKFLOW_TASK_COMPLETED"), local_activity(4), local_activity(4), local_activity(9)])
    assert (found.events, found.actions, found.workflow_tasks) == (4, 2, 1)


def test_an_activity_costs_an_action_for_each_attempt() -> None:
    started = kind("ACTIVITY_TASK_STARTED")
    started.activity_task_started_event_attributes.attempt = 3
    assert cost([kind("ACTIVITY_TASK_SCHEDULED"), started]).actions == 3


def test_a_signal_with_start_is_two_actions_and_other_markers_are_free() -> None:
    patch = HistoryEvent(event_type=EventType.EVENT_TYPE_MARKER_RECORDED)
    patch.marker_recorded_event_attributes.marker_name = "core_patch"
    assert cost([kind("WORKFLOW_EXECUTION_STARTED"), kind("WORKFLOW_EXECUTION_SIGNALED"), patch]).actions == 2


@pytest.mark.parametrize("name", ["TIMER_STARTED", "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"])
def test_timers_and_search_attributes_are_an_action_each(name: str) -> None:
    assert cost([kind(name), kind(name)]).actions == 2


def test_what_an_order_cost_until_a_signal_is_cut_there() -> None:
    events = WorkflowHistory.from_json("order/shop/tea/1001", (SAVED / "straight.json").read_text()).events
    before = before_signal(events, "parcel_reported")
    assert len(before) < len(events)
    assert before_signal(events, "nobody_says_this") == list(events)
    assert before[-1].event_id == len(before)


def test_a_share_of_values_lies_below_its_percentile() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)) == (51, 100, 100)
    assert percentile([7.0], 0.99) == 7


def test_cpu_time_is_told_per_order_and_part() -> None:
    assert spent({"api": 1.0}, {"api": 2.0, "worker": 0.5}, 100) == {"api": 10.0, "worker": 5.0}


@pytest.mark.parametrize("shape", [SHORT, LONG])
def test_a_peak_is_calm_then_twice_as_fast_then_calm(shape: Shape) -> None:
    due = shape.due(10.0)
    assert len(due) == 10 * (shape.calm + 2 * shape.burst + shape.rest)
    assert sum(shape.calm <= each < shape.calm + shape.burst for each in due) == 20 * shape.burst
    assert max(due) < shape.calm + shape.burst + shape.rest


def test_a_late_order_is_told_with_its_cause() -> None:
    shape = Shape(calm=100, burst=10, rest=50)
    assert [shape.cause(at) for at in (10, 51, 60, 105)] == ["other", "worker killed", "worker killed", "burst"]


def test_a_profile_tells_who_works_and_within_what() -> None:
    frames = [
        {"name": "run", "file": "/x/site-packages/temporalio/worker.py"},
        {"name": "execute", "file": "/x/site-packages/psycopg/cursor.py"},
    ]
    shares = shares_of({"shared": {"frames": frames}, "profiles": [{"samples": [[0], [0, 1], [0, 1], []]}]})
    assert shares.own == {"psycopg": 2 / 3, "temporalio": 1 / 3}
    assert shares.within["run site-packages/temporalio/worker.py"] == 1
