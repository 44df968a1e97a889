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


class Load:
    def __init__(self, host: str, port: int, lines: int) -> None:
        self._host = f"{host}:{port}"
        self._lines = [Line(host, port) for _ in range(lines)]
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()  # the last used: an idle one may have been closed
        for line in self._lines:
            self._free.put_nowait(line)

    async def send(self, requests: list[Request]) -> list[Sent]:
        ready = [(request, request.on_the_wire(self._host)) for request in requests]
        begin = time.time() + HEAD_START_SECONDS
        sent = await asyncio.gather(*(self._send(request, raw, begin) for request, raw in ready))
        for line in self._lines:
            await line.close()
        return sent

    async def _send(self, request: Request, raw: bytes, begin: float) -> Sent:
        due = begin + request.due_seconds
        await asyncio.sleep(max(0.0, due - time.time()))
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
    sent = await Load(plan["host"], plan["port"], plan["lines"]).send(requests)
    result_file.write_text(json.dumps([asdict(each) for each in sent]))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
