"""Where a step comes from: set around each activity, written into the audit log and the logs."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """`transaction_id` names an outside call or a step; the others are empty outside a workflow or a trace."""

    transaction_id: str
    workflow_run: str = ""
    trace_id: str = ""
    workflow_id: str = ""


PROVENANCE: ContextVar[Provenance] = ContextVar("provenance")
