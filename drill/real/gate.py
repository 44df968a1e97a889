"""A gate on the way to a server: passes everything on until it is told to keep something back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

PIECE = 64 * 1024


class Gate:
    """`address` is where callers find it; `target` is the server behind it, which may come and go."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.partition(":")
        self._port = int(port)
        self._questions, self._answers = asyncio.Event(), asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self.address = ""
        self.open()

    def open(self) -> None:
        self._questions.set()
        self._answers.set()

    def shut(self) -> None:
        """Keep everything back."""
        self._questions.clear()
        self._answers.clear()

    def hold_answers(self) -> None:
        """Let questions through, and nothing that comes back."""
        self._answers.clear()

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[Self]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _serve(self, caller: asyncio.StreamReader, to_caller: asyncio.StreamWriter) -> None:
        try:
            beyond, to_beyond = await asyncio.open_connection(self._host, self._port)
        except OSError:  # nobody is there: the caller finds out as it would without us
            to_caller.close()
            return
        self._pass(caller, to_beyond, self._questions)
        self._pass(beyond, to_caller, self._answers)

    def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: asyncio.Event) -> None:
        task = asyncio.create_task(self._pass_on(source, target, way))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: asyncio.Event) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                while piece := await source.read(PIECE):
                    await way.wait()
                    target.write(piece)
                    await target.drain()
        finally:
            target.close()
