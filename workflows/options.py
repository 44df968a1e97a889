"""How each kind of step is tried and retried. All retries are Temporal's; nothing loops by itself."""

from dataclasses import replace
from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from domain.limits import Limits
from workflows import identity

# Our own Postgres: tried for ever, because the order has nowhere else to go. Long pauses become timers of six events.
# Pauses double, so an order goes on after at most the length of the outage once more, and after 5 minutes at the worst:
# little beside an order's days. An outage of 10 hours then costs an order 800 events instead of 3,700, and ten thousand
# waiting orders knock 33 times a second instead of 167.
RECORD = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=3),
    local_retry_threshold=timedelta(seconds=3),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(minutes=5)),
)

# The sender works until its worker stops. Its heartbeat, not its age, shows that the worker is gone; a crash or an
# outage of Postgres costs an attempt and no event.
SENDER = ActivityConfig(
    task_queue=identity.OUTBOX,
    start_to_close_timeout=timedelta(days=3650),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)),
)


def _outside_call(task_queue: str, limits: Limits) -> ActivityConfig:
    """Three quick attempts, then slower ones to a set end; after that a case."""
    return ActivityConfig(
        task_queue=task_queue,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=limits.attempts_end,
        retry_policy=RetryPolicy(
            initial_interval=limits.attempts_first_pause,
            backoff_coefficient=4,
            maximum_interval=limits.attempts_longest_pause,
        ),
    )


def provider_call(limits: Limits) -> ActivityConfig:
    return _outside_call(identity.PAYMENTS, limits)


def platform_call(limits: Limits) -> ActivityConfig:
    """It may not use up the time before the platform's deadline."""
    return provider_call(replace(limits, attempts_end=min(limits.attempts_end, limits.platform_margin / 2)))


def warehouse_call(limits: Limits) -> ActivityConfig:
    return _outside_call(identity.WAREHOUSE, limits)
