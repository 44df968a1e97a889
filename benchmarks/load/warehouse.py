"""`python -m benchmarks.load.warehouse PORT`: a warehouse that takes any order after 2 ms, and the finish line.

It is the shop, too, that is told its stock levels, and a provider that is asked for refunds and never answers clearly.
It speaks what of docs/warehouse-api.md a push needs. The baselines, which have no warehouse adapter or no record, tell
it by datagram `VERB KEY` how far an order is. `GET /seen` shows all of it, `POST /forget` begins anew.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from urllib.parse import parse_qsl, unquote

TAKES_SECONDS = 0.002
PREFIX = "/v1/outbound-orders/"


class FinishLine:
    """`first`: verb -> key -> when it came first, seconds since the epoch; `again`: how often verb and key came more.

    Verbs are `placed`, `accepted` (by the warehouse), `marked` (the chain is over) and `refund` (the provider is asked
    for one, by its number).
    """

    def __init__(self) -> None:
        self.first: dict[str, dict[str, float]] = defaultdict(dict)
        self.again: dict[str, int] = defaultdict(int)

    def passes(self, verb: str, key: str) -> bool:
        """Whether it is the first time."""
        if key in self.first[verb]:
            self.again[f"{verb} {key}"] += 1
            return False
        self.first[verb][key] = time.time()
        return True


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, line: FinishLine) -> None:
        self._line = line

    def datagram_received(self, data: bytes, _: object) -> None:
        verb, _, key = data.decode().partition(" ")
        self._line.passes(verb, key)


async def serve(line: FinishLine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            _, _, rest = head.lower().partition("content-length:")
            sent = await reader.readexactly(int(rest.partition("\r\n")[0]) if rest else 0)
            method, path, _ = head.split(" ", 2)
            status, answer = await _answered(line, method, path, sent)
            body = json.dumps(answer).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                + body
            )
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _answered(line: FinishLine, method: str, path: str, sent: bytes) -> tuple[str, object]:
    if method == "PUT" and path.startswith(PREFIX):
        await asyncio.sleep(TAKES_SECONDS)
        reference = unquote(path.removeprefix(PREFIX))
        is_first = line.passes("accepted", reference)
        return "201 Created" if is_first else "200 OK", {"outbound_no": f"WH-{reference}", "state": "accepted"}
    if (method, path) == ("PUT", "/shop/tea/stock"):
        return "200 OK", {}
    if method == "POST" and path.startswith("/alipay/"):
        asked = json.loads(dict(parse_qsl(sent.decode()))["biz_content"])
        line.passes("refund", asked["out_request_no"])
        return "200 OK", {}  # which proves nothing
    if method == "GET" and path in ("/seen", "/counts"):
        counts = {verb: len(keys) for verb, keys in line.first.items()}
        return "200 OK", counts if path == "/counts" else {"first": line.first, "again": line.again}
    if (method, path) == ("POST", "/forget"):
        line.first.clear()
        line.again.clear()
        return "200 OK", {}
    return "404 Not Found", {"code": "not_found", "message": path}


async def main(port: int) -> None:
    line = FinishLine()
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Datagrams(line), local_addr=("127.0.0.1", port))
    server = await asyncio.start_server(lambda reader, writer: serve(line, reader, writer), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
