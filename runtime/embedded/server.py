"""The life of an embedded server: hold its folder, clear what a killed parent left, start, answer, stop."""

import asyncio
import shutil
import signal
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import psutil

from runtime.embedded.errors import AlreadyRunning, PortTaken
from runtime.embedded.folder import ServerFolder
from runtime.embedded.port_choice import PortChoice
from runtime.embedded.processes import Account, alive, end, kill, spawn

_START_LIMIT_SECONDS = 30.0
_STOP_LIMIT_SECONDS = 10.0
_REAP_LIMIT_SECONDS = 5.0
_ASK_EVERY_SECONDS = 0.02
_LAUNCHES = 3


class EmbeddedServer(ABC):
    """One server over one data folder. `async with` starts and stops it; a stopped or killed one can be started again.

    Several run side by side, each over its own folder. `start` it in a thread that lives longer than the server.
    """

    label: ClassVar[str]
    stop_signal: signal.Signals
    folder_mode: ClassVar[int] = 0o700

    def __init__(self, folder: Path, ports: PortChoice) -> None:
        self.folder = ServerFolder(folder.absolute(), self.label, self.folder_mode)
        self._ports = ports
        self._child: psutil.Popen | None = None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The server's process, running or just gone. RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError(f"{self.label} was not started")
        return int(self._child.pid)

    async def start(self) -> None:
        """Return when the server answers. After AlreadyRunning, StartFailed or PortTaken nothing of it runs."""
        if self.running:
            raise AlreadyRunning(f"{self.label} already runs over {self.folder.path}, started by us: stop it first.")
        self.folder.hold()
        self.folder.begin_log()
        try:
            await self._clear_leftovers()
            await asyncio.to_thread(self._prepare)
            self._ports.choose()
            await self._launch_where_free()
            self._ports.keep()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop gently, kill after ten seconds. A server that does not run is fine."""
        if self._child is not None:
            await self._end_child()
            await self._clear_leftovers()
        self.folder.let_go()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Stopped within the block, at its end started again where clients look for it."""
        await self.stop()
        try:
            with self._ports.held():
                yield
        finally:
            await self.start()

    async def kill(self) -> None:
        """SIGKILL, as a crash would; `start` clears up after it. Its folder stays ours."""
        if self._child is not None:
            await kill([self._child])
            await asyncio.to_thread(self._child.wait, _REAP_LIMIT_SECONDS)

    async def erase(self) -> None:
        """Stop and remove all data, wherever they lie. AlreadyRunning: another process uses them."""
        await self.stop()
        self.folder.hold()
        await self._clear_leftovers()
        self._remove_data()
        self.folder.let_go()

    @classmethod
    @asynccontextmanager
    async def throwaway(cls, **options: Any) -> AsyncIterator[Self]:
        """A running server over a temporary folder, not durable, with nothing left of it afterwards. For tests."""
        folder = tempfile.mkdtemp(prefix="lockstep-")
        server = cls(Path(folder), durable=False, **options)  # type: ignore[call-arg]
        try:
            await server.start()
            yield server
        finally:
            await server.erase()
            shutil.rmtree(folder)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _clear_leftovers(self) -> None:
        """End the server of a parent that was killed. We hold the folder, so nobody alive can be using it."""
        if (leftover := self.folder.recorded()) is not None and alive(leftover):
            await end(leftover, self.stop_signal, _STOP_LIMIT_SECONDS)
        self.folder.forget()

    async def _end_child(self) -> None:
        if self._child is not None:
            await end(self._child, self.stop_signal, _STOP_LIMIT_SECONDS)
            # A program of many threads looks dead a moment before it can be reaped.
            await asyncio.to_thread(self._child.wait, _REAP_LIMIT_SECONDS)

    async def _launch_where_free(self) -> None:
        """Again after a lost port, be it one that the server chose for its own parts: programs beside us choose too."""
        for _ in range(_LAUNCHES - 1):
            try:
                await self._launch()
            except PortTaken:
                await self._end_child()
                self.folder.begin_log()
                self._ports.choose_others()
            else:
                return
        await self._launch()

    async def _launch(self) -> None:
        with self.folder.open_log() as log:
            self._child = spawn(self._command(), self._account(), log, self.stop_signal)
        self.folder.record(self._child)
        deadline = time.monotonic() + _START_LIMIT_SECONDS
        while not await self._answers():
            if not self.running:
                raise self.folder.failure("ended while it started")
            if time.monotonic() > deadline:
                raise self.folder.failure(f"did not answer within {_START_LIMIT_SECONDS:.0f} seconds")
            await asyncio.sleep(_ASK_EVERY_SECONDS)

    def _account(self) -> Account:
        return Account.ours()

    @abstractmethod
    def _prepare(self) -> None:
        """Make ready on disk what the command needs. May block: runs in a thread."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments, for the ports chosen by now."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Whether this very server, not another on its port, can be used. Asked until it does; never waits long."""

    def _remove_data(self) -> None:
        shutil.rmtree(self.folder.path)
