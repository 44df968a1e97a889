"""What the processes of the house use: CPU time and memory of Postgres, Temporal and a contender's own programs."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress

import psutil


def _house_processes(contender_pids: Collection[int]) -> Iterator[tuple[str, psutil.Process]]:
    """Each with its part: `postgres`, `temporal`, `api`, `worker`. Neither the load nor another contender."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            command = " ".join(process.cmdline())
            if process.name() == "postgres":
                yield "postgres", process
            elif "start-dev" in command:
                yield "temporal", process
            elif process.pid in contender_pids:
                yield ("worker" if "worker" in command else "api"), process


def cpu_seconds(contender_pids: Collection[int]) -> dict[str, float]:
    """User and system time by part, with that of children which ended meanwhile."""
    used: dict[str, float] = {}
    for part, process in _house_processes(contender_pids):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)  # Linux tells
            used[part] = used.get(part, 0.0) + times.user + times.system + ended
    return used


def spent(before: dict[str, float], after: dict[str, float], orders: int) -> dict[str, float]:
    """CPU milliseconds per order by part."""
    return {part: (after[part] - before.get(part, 0.0)) * 1000 / orders for part in sorted(after)}


def memory_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1024 / 1024


def load_average() -> float:
    """Of the last minute: how many processes of the whole machine wanted a core."""
    return os.getloadavg()[0]
