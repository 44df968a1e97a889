"""A request that was made before the clock starts, and what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """`key` names the order that it is about; `due_seconds` counts from the start of the load."""

    key: str
    method: str
    path: str
    headers: dict[str, str]
    body: str = ""
    due_seconds: float = 0.0

    def on_the_wire(self, host: str) -> bytes:
        body = self.body.encode()
        headers = {"host": host, "content-length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


@dataclass(frozen=True)
class Sent:
    """Times are seconds since the epoch; `due` is when it should have left, so that a late sender hides nothing.

    `status` is that of the last attempt; 0: no answer.
    """

    key: str
    due: float
    acked: float
    status: int
    attempts: int
    answer: str

    @property
    def seconds(self) -> float:
        return self.acked - self.due
