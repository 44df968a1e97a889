"""One interceptor around every activity: it says where it comes from, times it, and logs each failed attempt."""

import logging
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from ports.errors import PortError
from ports.provenance import PROVENANCE, Provenance
from runtime.metrics import UNCOLLECTED, Metrics
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
        verb = info.activity_type.rpartition(".")[2]
        origin = Provenance(transaction_id(info.workflow_id or "", verb), info.workflow_run_id or "")
        token = PROVENANCE.set(origin)
        began = perf_counter()
        try:
            answer = await super().execute_activity(input)
        except Exception as error:  # noqa: BLE001 - whatever it was, Temporal hears it in our words
            self._metrics.attempt(perf_counter() - began, info.activity_type, done=False)
            named = {"step": info.activity_type, "transaction_id": origin.transaction_id, "attempt": info.attempt}
            log.warning("attempt %s of %s failed: %s", info.attempt, info.activity_type, _sentence(error), extra=named)
            # Not `from error`: the SDK logs and keeps the whole chain, and a database's words may quote a row.
            raise ApplicationError(_sentence(error), info.attempt, type=type(error).__name__) from None
        else:
            self._metrics.attempt(perf_counter() - began, info.activity_type, done=True)
            return answer
        finally:
            PROVENANCE.reset(token)


def _sentence(error: Exception) -> str:
    """The adapters' own errors name no person; of all others only the kind is told, and where it happened."""
    if isinstance(error, PortError):
        return str(error)
    places = extract_tb(error.__traceback__)
    ours = next((each for each in reversed(places) if "site-packages" not in each.filename), places[-1])
    return f"{type(error).__name__} at {Path(ours.filename).name}:{ours.lineno} in {ours.name}"
