"""Starting and ending programs: under which account, tied to our life, gently and then not."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import IO, Any, NamedTuple

import psutil

_LOOK_EVERY_SECONDS = 0.01
_KILL_LIMIT_SECONDS = 5.0


class Account(NamedTuple):
    """Whom a program runs as."""

    uid: int
    gid: int

    @classmethod
    def ours(cls) -> "Account":
        return cls(os.geteuid(), os.getegid())

    def options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess. The folder is one that every account may stand in."""
        if self == self.ours():
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.uid, "group": self.gid, "extra_groups": []}

    def may_execute(self, path: os.PathLike[str]) -> bool:
        """Whether it can run a program or enter a folder. The system is asked, which knows ACLs and mounts."""
        return subprocess.run(["/usr/bin/env", "test", "-x", path], check=False, **self.options()).returncode == 0  # noqa: S603


_BARE = {"LC_ALL": "C"}  # a PGPORT or TEMPORAL_ADDRESS of the user's shell must not bend our server


def spawn(
    argv: Sequence[str],
    account: Account,
    log: IO[bytes],
    last_signal: signal.Signals,
    environment: Mapping[str, str] = _BARE,
) -> psutil.Popen:
    """Start a server that writes to `log` and gets `last_signal` when we die, where the system can do that.

    Its own session keeps a terminal's Ctrl-C away from it: we decide who stops first.
    """
    return psutil.Popen(
        [*_tie_to_our_life(last_signal), *argv],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
        **account.options(),
    )


@cache
def _tie_to_our_life(last_signal: signal.Signals) -> tuple[str, ...]:
    """The prefix of a command that Linux signals at its parent's end; empty elsewhere.

    Only a courtesy: servers that outlive us are found by their record at the next start. The "parent" is the thread
    that starts the server, so that must be the event loop's own and never one of a pool, which ends when idle.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (setpriv, "--pdeathsig", last_signal.name.removeprefix("SIG"))
    tried = subprocess.run([*prefix, setpriv, "--version"], check=False, capture_output=True)  # noqa: S603
    return prefix if tried.returncode == 0 else ()  # BusyBox has a setpriv that cannot do it


def alive(process: psutil.Process) -> bool:
    """A zombie is dead: some containers have no init that would bury it."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def end(process: psutil.Process, gently: signal.Signals, limit_seconds: float) -> None:
    """Ask a process to stop; after the limit kill it and all below it. Returns when they are gone."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(gently)
    if await _gone([process], limit_seconds):
        return
    doomed = [process]
    with suppress(psutil.NoSuchProcess):
        doomed += process.children(recursive=True)
    await kill(doomed)


async def kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    await _gone(processes, _KILL_LIMIT_SECONDS)


async def _gone(processes: Sequence[psutil.Process], limit_seconds: float) -> bool:
    deadline = time.monotonic() + limit_seconds
    while any(alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return True
