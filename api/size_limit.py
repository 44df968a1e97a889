"""A body that says itself that it is too large is turned away before a byte of it is read."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Problem, problem_response

LARGEST_BODY_BYTES = 256 * 1024


class SizeLimit:
    """Plain ASGI, before the framework's own limit: that one counts bodies of unknown length, but answers bare text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _announced(scope) > LARGEST_BODY_BYTES:
            problem = Problem(413, "too-large", f"send at most {LARGEST_BODY_BYTES} bytes")
            await problem_response(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0
