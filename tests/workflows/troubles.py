"""An interceptor around every step that makes it fail where a test says so."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from drill.virtual.steps import Crashed


@dataclass
class Troubles(Interceptor):
    """`away`: steps of this beginning fail before they do anything; `crash_once_after`: these fail after their effect.

    `done` counts how often each step had its effect, `refused` how often it failed before.
    """

    away: str | None = None
    crash_once_after: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Troubled(next, self)


class _Troubled(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, troubles: Troubles) -> None:
        super().__init__(inner)
        self._troubles = troubles

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        step = activity.info().activity_type
        if self._troubles.away is not None and step.startswith(self._troubles.away):
            self._troubles.refused[step] += 1
            raise ConnectionError
        result = await super().execute_activity(input)
        self._troubles.done[step] += 1
        if step in self._troubles.crash_once_after:
            self._troubles.crash_once_after.remove(step)
            raise Crashed
        return result
