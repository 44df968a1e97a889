"""A program of our own as a child process: the API, a worker, the pretend world. Killed and started again at will."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from runtime.embedded.processes import Account, end, kill, spawn

STOP_LIMIT_SECONDS = 40.0  # a worker drains for up to 30


# Bytecode on disk matters: each workflow loads its file anew, and without it would compile it anew.
_PYTHON = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}


class ChildFailed(Exception):
    """It ended though nobody asked it to; quotes the end of its log."""


class Child:
    """`arguments` are for our own Python: `-m sandbox serve ...`, `worker.py`."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._argv = [sys.executable, *arguments]
        self._environment = {**os.environ, **environment, **_PYTHON}
        self._process: psutil.Popen | None = None
        self.log.unlink(missing_ok=True)  # a restart goes on with the log, a new run does not

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = spawn(self._argv, Account.ours(), log, signal.SIGTERM, self._environment)

    @property
    def pid(self) -> int:
        """The process, running or just gone. RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return int(self._process.pid)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def must_run(self) -> None:
        """Raises ChildFailed when it does not."""
        if not self.running:
            ending = "\n".join(self.log.read_text().splitlines()[-15:])
            raise ChildFailed(f"{self.name} ended by itself; the end of {self.log}:\n{ending}")

    async def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self._process is not None:
            await kill([self._process])
            await asyncio.to_thread(self._process.wait, STOP_LIMIT_SECONDS)

    async def stop(self) -> int | None:
        """Its exit code; 0: it drained. None: it never was started."""
        if self._process is None:
            return None
        if self.running:
            await end(self._process, signal.SIGTERM, STOP_LIMIT_SECONDS)
        return int(await asyncio.to_thread(self._process.wait, STOP_LIMIT_SECONDS))
