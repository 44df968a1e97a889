"""Logs as JSON lines with the ids of the audit log. They name no person; what looks like a phone number is masked."""

import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from ports.provenance import PROVENANCE

_PHONE = re.compile(r"(?<!\d)1\d{2}\d{4}(\d{4})(?!\d)")


class _Line(JsonFormatter):
    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        origin = PROVENANCE.get(None)
        if origin is not None:
            log_data.setdefault("transaction_id", origin.transaction_id)
            log_data.setdefault("workflow_run", origin.workflow_run)

    def format(self, record: logging.LogRecord) -> str:
        return _PHONE.sub(r"1******\1", super().format(record))


def start_logs(level: str = "INFO") -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel("WARNING")  # it would log whole addresses
