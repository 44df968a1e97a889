"""The folder of one embedded server: who holds it, which process serves it, what it logged."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

import psutil

from runtime.embedded.errors import AlreadyRunning, StartFailed, start_failed

# A step of the system clock moves the times at which processes seem to have begun.
_BEGIN_TOLERANCE_SECONDS = 2.0


class ServerFolder:
    def __init__(self, path: Path, label: str, mode: int) -> None:
        """`label` names the server in errors; `mode` is for a new folder. Nothing is touched before `hold`."""
        self.path = path
        self._mode = mode
        self.log = path / "server.log"
        self._label = label
        self._record = path / "process.json"
        self._lock: IO[str] | None = None
        self._log_begin = 0

    def hold(self) -> None:
        """Keep the folder to ourselves until `let_go` or our end, however sudden. AlreadyRunning: someone has it."""
        if self._lock is not None:
            return
        self.path.mkdir(parents=True, exist_ok=True, mode=self._mode)
        lock = (self.path / "lock").open("a+")
        try:
            # The kernel drops this lock with its holder, so none can be stale. Servers do not inherit it.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise AlreadyRunning(
                f"{self._label} already runs over {self.path}, started by process {holder}: "
                "stop that one first, or choose another data folder."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def let_go(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def record(self, process: psutil.Process) -> None:
        """Remember the server on disk, so that the next holder finds it if we are killed."""
        self._record.write_text(json.dumps({"pid": process.pid, "begun": process.create_time()}))

    def recorded(self) -> psutil.Process | None:
        """The remembered server, if it is still that process: pids are given anew, a stranger must not be hit."""
        try:
            record = json.loads(self._record.read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["begun"]) < _BEGIN_TOLERANCE_SECONDS
        except (FileNotFoundError, ValueError, psutil.Error):  # ValueError: we were killed while we wrote
            return None
        return process if same else None

    def forget(self) -> None:
        self._record.unlink(missing_ok=True)

    def begin_log(self) -> None:
        """From here on `failure` quotes: an older quarrel over a port must not explain today's."""
        self._log_begin = self.log.stat().st_size if self.log.exists() else 0

    def open_log(self) -> IO[bytes]:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # it may quote business data
        return os.fdopen(descriptor, "ab")

    def failure(self, what: str) -> StartFailed:
        """The error of a start: "<label> <what>", words of the log, what to do."""
        with self.log.open("rb") as log:
            log.seek(self._log_begin)
            lines = log.read().decode(errors="replace").splitlines()
        return start_failed(f"{self._label} {what} ({self.log})", lines)
