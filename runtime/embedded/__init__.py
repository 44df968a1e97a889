"""Postgres and Temporal as child processes of ours, for demo, drills and tests: no installation, no network.

server.py is the life of any server; postgres.py and temporal.py say what is special about each.
"""

from runtime.embedded.errors import AlreadyRunning, EmbeddedServerError, PortTaken, StartFailed
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.temporal import EmbeddedTemporal

__all__ = [
    "AlreadyRunning",
    "EmbeddedPostgres",
    "EmbeddedServerError",
    "EmbeddedTemporal",
    "PortTaken",
    "StartFailed",
]
