"""What the processes of the house use: CPU time and memory, ours, Postgres' and Temporal's, not those of the load."""

import os
from collections.abc import Iterable
from contextlib import suppress

import psutil

LOAD = "benchmarks.load."


def house_processes() -> list[psutil.Process]:
    """Everything that runs for the contender: our descendants without the load and the warehouse."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if not any(LOAD in part for part in process.cmdline()):
                found.append(process)
    return found


def part_of(process: psutil.Process) -> str:
    """`postgres`, `temporal`, `api` or `worker`."""
    command = " ".join(process.cmdline())
    if "postgres" in process.name() or "pgserver" in command:
        return "postgres"
    if "start-dev" in command:
        return "temporal"
    return "worker" if "worker" in command else "api"


def cpu_seconds() -> dict[str, float]:
    """User and system time by part, of those that ended inside a part as well."""
    used: dict[str, float] = {}
    for process in house_processes():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times, part = process.cpu_times(), part_of(process)
            ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
            used[part] = used.get(part, 0.0) + times.user + times.system + ended
    return used


def spent(before: dict[str, float], after: dict[str, float], orders: int) -> dict[str, float]:
    """CPU milliseconds per order by part."""
    return {part: (after[part] - before.get(part, 0.0)) * 1000 / orders for part in after}


def memory_mb(pids: Iterable[int]) -> float:
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1024 / 1024


def load_average() -> float:
    """Of the last minute: how many processes of the whole machine wanted a core."""
    return os.getloadavg()[0]
