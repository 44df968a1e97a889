"""One interceptor around every activity: where it comes from, how long it took, and a log line where that matters."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from ports.errors import PortError
from ports.provenance import PROVENANCE, Provenance
from runtime.causes import link_to_order
from runtime.metrics import UNCOLLECTED, Metrics
from runtime.trace_ids import ids
from runtime.tracing import span
from workflows.identity import transaction_id

log = logging.getLogger("lockstep.attempts")


class AttemptLog(Interceptor):
    def __init__(self, metrics: Metrics = UNCOLLECTED) -> None:
        self._metrics = metrics

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Attempt(super().intercept_activity(next), self._metrics)


class _Attempt(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, metrics: Metrics) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._metrics = metrics

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        name = _transaction(info, input.args)
        with _traced(info, name, input):
            origin = PROVENANCE.set(Provenance(name, info.workflow_run_id or "", ids()[0], info.workflow_id or ""))
            try:
                return await self._timed(input, info, name)
            finally:
                PROVENANCE.reset(origin)

    async def _timed(self, input: ExecuteActivityInput, info: activity.Info, name: str) -> Any:  # noqa: A002
        began = perf_counter()
        try:
            answer = await super().execute_activity(input)
        except Exception as error:  # noqa: BLE001 - whatever it was, Temporal hears it in our words
            self._measured(info, perf_counter() - began, done=False)
            named = {"step": info.activity_type, "transaction_id": name, "attempt": info.attempt}
            log.warning("attempt %s of %s failed: %s", info.attempt, info.activity_type, _sentence(error), extra=named)
            # Not `from error`: the SDK logs and keeps the whole chain, and a database's words may quote a row.
            raise ApplicationError(_sentence(error), info.attempt, type=type(error).__name__) from None
        seconds = perf_counter() - began
        self._measured(info, seconds, done=True)
        if not info.is_local:
            log.info("%s done", info.activity_type, extra={"attempt": info.attempt, "seconds": round(seconds, 3)})
        return answer

    def _measured(self, info: activity.Info, seconds: float, *, done: bool) -> None:
        self._metrics.attempt(None if _lives_on(info) else seconds, info.activity_type, done=done)


def _lives_on(info: activity.Info) -> bool:
    """What must show that it is still there works until its worker stops: its age says nothing."""
    return info.heartbeat_timeout is not None


def _traced(info: activity.Info, name: str, input: ExecuteActivityInput) -> AbstractContextManager[object]:  # noqa: A002
    """What lives on would be one endless span: each call that it makes is a trace of its own."""
    if _lives_on(info):
        return nullcontext()
    about: dict[str, str | int] = {
        "lockstep.transaction_id": name,
        "lockstep.workflow_id": info.workflow_id or "",
        "lockstep.attempt": info.attempt,
    }
    return span(info.activity_type, about, links=link_to_order(input.headers))


def _transaction(info: activity.Info, args: Sequence[Any]) -> str:
    """That of the outside call, where the step makes one or records what became of one."""
    own = transaction_id(info.workflow_id or "", info.activity_type.rpartition(".")[2])
    return str(getattr(args[0], "transaction_id", own)) if args else own


def _sentence(error: Exception) -> str:
    """The adapters' own errors name no person; of all others only the kind is told, and where it happened."""
    if isinstance(error, PortError):
        return str(error)
    places = extract_tb(error.__traceback__)
    ours = next((each for each in reversed(places) if "site-packages" not in each.filename), places[-1])
    return f"{type(error).__name__} at {Path(ours.filename).name}:{ours.lineno} in {ours.name}"
