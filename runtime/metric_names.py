"""Every metric of ours: its name, its labels, what it says. Boards, alert rules and docs/operations.md name only these.

Names are as Prometheus shows them. All seconds are seconds of the wall clock: LOCKSTEP_TIME_SCALE shortens what orders
wait for, never what is measured. No label holds an id, a name or an address of anybody.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True)
class Metric:
    name: str
    kind: Kind
    labels: tuple[str, ...]
    says: str

    @property
    def series(self) -> tuple[str, ...]:
        """What a query may name."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)


SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0, 10.0, 20.0, 60.0, 300.0, 1800.0)
"""The histograms' buckets: the goals are 0.06, 0.2, 0.8 and 5 s; what takes minutes waits for somebody."""

# Inflow, counted by the API.
MESSAGES = Metric(
    "lockstep_messages_total",
    Kind.COUNTER,
    ("source", "kind", "verdict", "reason"),
    "Incoming messages as they were judged: notices, parcel events, orders. The words are those of the evidence.",
)
REQUEST_SECONDS = Metric(
    "lockstep_request_seconds",
    Kind.HISTOGRAM,
    ("method", "route", "status"),
    "From the arrival of a request to the end of its answer: for webhooks, how late they are acknowledged.",
)

# What orders go through, counted by the workers once it is safe in the record; a repeat counts nothing.
ORDERS_PLACED = Metric("lockstep_orders_placed_total", Kind.COUNTER, ("channel", "shop"), "Orders recorded.")
NOTICE_TO_PAID = Metric(
    "lockstep_notice_to_paid_seconds",
    Kind.HISTOGRAM,
    (),
    "From receiving the message that made an order paid (its last notice, or the order when its money came first) "
    "until that is recorded. Payments found by asking the provider had no message and are left out.",
)
PAID_TO_WAREHOUSE = Metric(
    "lockstep_paid_to_warehouse_seconds",
    Kind.HISTOGRAM,
    ("attended",),
    "From recorded as paid until recorded as taken by the warehouse. attended=yes: a case was opened for the order, "
    "so the time holds a person's.",
)
STEP_SECONDS = Metric(
    "lockstep_step_seconds", Kind.HISTOGRAM, ("step",), "One attempt of a step, by its name in docs/sop.md."
)
ATTEMPTS = Metric(
    "lockstep_attempts_total",
    Kind.COUNTER,
    ("step", "outcome"),
    "Attempts of steps and outside calls: done, or failed (no answer, or one outside the protocol). A refusal is done.",
)
CASES_OPENED = Metric("lockstep_cases_opened_total", Kind.COUNTER, ("cause",), "Cases opened.")
REMINDERS = Metric(
    "lockstep_reminders_total",
    Kind.COUNTER,
    ("what",),
    "People who were told of what stays open: a case, by its cause, or a refund's goods, leg or approval. Signatures' "
    "superiors are told by their refund and are not counted.",
)

# How things stand: looked up now and then by each API and worker, so take the maximum over processes, not the sum.
CASES_OPEN = Metric("lockstep_cases_open", Kind.GAUGE, ("cause",), "Cases that wait for a person.")
CASES_OVERDUE = Metric("lockstep_cases_overdue", Kind.GAUGE, ("cause",), "Open cases past their due time.")
BACKLOG = Metric(
    "lockstep_backlog",
    Kind.GAUGE,
    ("what",),
    "evidence: messages accepted and not yet applied to their order. outbox: what the outside is still to be told.",
)
BACKLOG_OLDEST = Metric(
    "lockstep_backlog_oldest_seconds", Kind.GAUGE, ("what",), "Age of the oldest of each; 0 when there is none."
)
ORDERS_OPEN = Metric("lockstep_orders_open", Kind.GAUGE, ("stage",), "Orders under way, by stage.")
ORDERS_OLDEST = Metric(
    "lockstep_orders_oldest_seconds", Kind.GAUGE, ("stage",), "How long the order that changed last of all stands."
)
ORDERS_UNATTENDED = Metric(
    "lockstep_orders_unattended_oldest_seconds",
    Kind.GAUGE,
    ("stage",),
    "The same, of orders in stages that pass in moments (paid, on_hold, preparing), where no case waits for a person.",
)
QUEUE_POLLERS = Metric(
    "lockstep_queue_pollers",
    Kind.GAUGE,
    ("queue",),
    "Workers that asked for work on a task queue within the last 75 seconds: a poll lasts a minute.",
)
LOOK_WORKED = Metric(
    "lockstep_look_worked", Kind.GAUGE, ("at",), "1 when the last look at record or temporal was answered, else 0."
)

METRICS = (
    MESSAGES,
    REQUEST_SECONDS,
    ORDERS_PLACED,
    NOTICE_TO_PAID,
    PAID_TO_WAREHOUSE,
    STEP_SECONDS,
    ATTEMPTS,
    CASES_OPENED,
    REMINDERS,
    CASES_OPEN,
    CASES_OVERDUE,
    BACKLOG,
    BACKLOG_OLDEST,
    ORDERS_OPEN,
    ORDERS_OLDEST,
    ORDERS_UNATTENDED,
    QUEUE_POLLERS,
    LOOK_WORKED,
)
SERIES = frozenset(series for metric in METRICS for series in metric.series)

# Of the many metrics of the Temporal SDK those that we look at; TEMPORAL_TROUBLE are there once there was trouble.
TEMPORAL_SERIES = frozenset(
    {
        "temporal_num_pollers",
        "temporal_request_total",
        "temporal_sticky_cache_size",
        "temporal_worker_task_slots_available",
        "temporal_worker_task_slots_used",
        *(
            f"temporal_{name}_latency_seconds_{part}"
            for name in (
                "activity_execution",
                "activity_schedule_to_start",
                "local_activity_execution",
                "request",
                "workflow_task_execution",
                "workflow_task_schedule_to_start",
            )
            for part in ("bucket", "count", "sum")
        ),
    }
)
TEMPORAL_TROUBLE = frozenset(
    {
        "temporal_activity_execution_failed_total",
        "temporal_request_failure_total",
        "temporal_sticky_cache_total_forced_eviction_total",
        "temporal_workflow_task_execution_failed_total",
    }
)
