"""`python -m benchmarks.load.generator PLAN RESULT`: sends prepared requests when they are due, and notes the answers.

An answer other than success is asked for again, like every provider does.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from benchmarks.load.request import Request, Sent

HEAD_START_SECONDS = 0.2
ATTEMPTS = 6
PAUSE_SECONDS = 0.5
ANSWER_LIMIT_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.02


class Line:
    """One connection, opened again where the other side closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, raw: bytes) -> tuple[int, str]:
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            async with asyncio.timeout(ANSWER_LIMIT_SECONDS):
                writer.write(raw)
                return await _answer(reader)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self._streams = None
            return 0, ""

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    _, _, rest = head.partition("content-length:")
    length = int(rest.partition("\r\n")[0]) if rest else 0
    return int(head.split(" ", 2)[1]), (await reader.readexactly(length)).decode()


class Room:
    """For so many at once on their way to the warehouse: when one has arrived, the next may leave."""

    def __init__(self, host: str, finish_port: int, at_once: int) -> None:
        self.places = asyncio.Semaphore(at_once)
        self._host, self._finish = f"{host}:{finish_port}", Line(host, finish_port)

    async def watch(self) -> None:
        raw, arrived = Request("", "GET", "/counts", {}, "").on_the_wire(self._host), 0
        while True:
            _, counts = await self._finish.ask(raw)
            now = json.loads(counts).get("accepted", 0)
            for _ in range(now - arrived):
                self.places.release()
            arrived = now
            await asyncio.sleep(LOOK_EVERY_SECONDS)


class Load:
    """Sends when each request is due, or, where there is a `room`, as soon as there is a place in it."""

    def __init__(self, host: str, port: int, lines: int, room: Room | None = None) -> None:
        self._host = f"{host}:{port}"
        self._room = room
        self._lines = [Line(host, port) for _ in range(lines)]
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()  # the last used: an idle one may have been closed
        for line in self._lines:
            self._free.put_nowait(line)

    async def send(self, requests: list[Request]) -> list[Sent]:
        ready = [(request, request.on_the_wire(self._host)) for request in requests]
        begin = time.time() + HEAD_START_SECONDS
        watching = asyncio.create_task(self._room.watch()) if self._room else None
        sent = await asyncio.gather(*(self._send(request, raw, begin) for request, raw in ready))
        if watching:
            watching.cancel()
        for line in self._lines:
            await line.close()
        return sent

    async def _send(self, request: Request, raw: bytes, begin: float) -> Sent:
        due = begin + request.due_seconds
        await asyncio.sleep(max(0.0, due - time.time()))
        if self._room:
            await self._room.places.acquire()
            due = time.time()
        attempts, taken = 0, False
        while not taken and attempts < ATTEMPTS:
            if attempts:
                await asyncio.sleep(PAUSE_SECONDS)
            attempts += 1
            line = await self._free.get()
            try:
                status, answer = await line.ask(raw)
            finally:
                self._free.put_nowait(line)
            taken = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return Sent(request.key, due, time.time(), status, attempts, answer)


async def main(plan_file: Path, result_file: Path) -> None:
    plan = json.loads(plan_file.read_text())
    requests = [Request(**each) for each in plan["requests"]]
    room = Room(plan["host"], plan["finish_port"], plan["at_once"]) if plan["at_once"] else None
    sent = await Load(plan["host"], plan["port"], plan["lines"], room).send(requests)
    result_file.write_text(json.dumps([asdict(each) for each in sent]))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
