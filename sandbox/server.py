"""How the pretend world is served, and how it hangs up on a caller."""

import asyncio
from typing import Any

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

CUT = "sandbox.cut"


class HangUpProtocol(H11Protocol):
    """HTTP/1.1 that lets an answer close the socket under the request, which plain ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        served = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[CUT] = transport.abort
            await served(scope, receive, send)

        self.app = app


class ConnectionCut(Response):
    """An answer that never comes: the caller sees its connection reset. Without a socket (in-process) it raises."""

    def __init__(self) -> None:
        super().__init__(status_code=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        cut = scope.get("extensions", {}).get(CUT)
        if cut is None:
            raise ConnectionResetError("cut by the sandbox")
        cut()
        while (await receive())["type"] != "http.disconnect":
            pass


def server(app: ASGIApp, port: int) -> uvicorn.Server:
    """Ready to be run. Port 0 takes a free one."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            http=HangUpProtocol,
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    )
