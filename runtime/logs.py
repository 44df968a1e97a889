"""Logs as JSON lines with the ids of traces and audit log. They name no person; what does is struck out."""

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from ports.provenance import PROVENANCE
from runtime.masking import masked
from runtime.trace_ids import ids

FIELDS = {"levelname": "level", "name": "logger", "message": "message"}
ORDER = "order/"  # what workflow ids of orders begin with


class JsonLines(JsonFormatter):
    """Ids stay whole, whatever they look like: they are the same in traces and audit log."""

    def __init__(self) -> None:
        # Not as ASCII: escapes end in digits, and would hide where a number begins.
        super().__init__(list(FIELDS), rename_fields=FIELDS, timestamp="time", json_ensure_ascii=False)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        struck = masked(log_data)
        assert isinstance(struck, dict)
        return struck | _whose()


def _whose() -> dict[str, str]:
    """Which trace, transaction and order a line belongs to; only what is known."""
    trace_id, span_id = ids()
    known = {"trace_id": trace_id, "span_id": span_id}
    origin = PROVENANCE.get(None)
    if origin is not None:
        known |= {
            "transaction_id": origin.transaction_id,
            "workflow_id": origin.workflow_id,
            "workflow_run": origin.workflow_run,
            "order": origin.workflow_id.removeprefix(ORDER) if origin.workflow_id.startswith(ORDER) else "",
        }
    return {name: value for name, value in known.items() if value}


def start_logs(level: str = "INFO") -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel("WARNING")  # it would log whole addresses
