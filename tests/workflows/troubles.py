"""Interceptors around every step: one moves the record's clock, the other one makes steps fail."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from ports.clock import FixedClock


class Crashed(Exception):
    """The process died at this point; nobody heard of it."""


class VirtualTime(Interceptor):
    """Before each step the record's clock is set to the workflow's time."""

    def __init__(self, env: WorkflowEnvironment, clock: FixedClock) -> None:
        self.env = env
        self.clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Timed(next, self)


class _Timed(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, time: VirtualTime) -> None:
        super().__init__(inner)
        self._time = time

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        self._time.clock.time = await self._time.env.get_current_time()
        return await super().execute_activity(input)


@dataclass
class Troubles(Interceptor):
    """`away`: steps of this beginning fail before they do anything; `crash_once_after`: these fail after their effect.

    `done` counts how often each step had its effect.
    """

    away: str | None = None
    crash_once_after: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Troubled(next, self)


class _Troubled(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, troubles: Troubles) -> None:
        super().__init__(inner)
        self._troubles = troubles

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        step = activity.info().activity_type
        if self._troubles.away is not None and step.startswith(self._troubles.away):
            raise ConnectionError
        result = await super().execute_activity(input)
        self._troubles.done[step] += 1
        if step in self._troubles.crash_once_after:
            self._troubles.crash_once_after.remove(step)
            raise Crashed
        return result
