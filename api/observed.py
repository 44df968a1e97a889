"""Each request as the outside feels it: a trace that begins here, and how long it took. Nothing of what it said."""

from time import perf_counter

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.tracing import span

# The framework's own would write query strings into spans, which hold proofs, and take over strangers' trace ids.
NO_TELEMETRY_OF_ITS_OWN = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"


class Observed:
    """Plain ASGI, outermost. Methods and routes that we don't have share a name: the outside must not invent labels.

    Nor does it choose our trace ids: a `traceparent` that comes with a request is not taken over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else "other"
        began = perf_counter()
        with span(method, {"http.request.method": method}, kind=SpanKind.SERVER, begins_trace=True) as request:
            try:
                await self._app(scope, receive, sending)
            finally:
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                request.update_name(f"{method} {route}")
                request.set_attributes({"http.route": route, "http.response.status_code": status})
                scope["app"].state.house.metrics.request(perf_counter() - began, method, route, status)
