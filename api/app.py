"""The HTTP edge: `uvicorn --factory api.app:create_app`. Thin: it turns messages into facts and answers questions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.allowances import Allowances
from api.errors import add_error_answers, add_problem_schemas
from api.headers import SafeHeaders
from api.live import Streams
from api.observed import NO_TELEMETRY_OF_ITS_OWN, Observed
from api.proxies import TrustedProxies
from api.routes import (
    cases,
    health,
    inbox,
    money,
    news,
    orders,
    people,
    policies,
    refund_wishes,
    refunds,
    risk,
    status,
    tracking,
    undos,
    webhooks,
)
from api.size_limit import LARGEST_BODY_BYTES, SizeLimit
from runtime.logs import start_logs
from runtime.starting import CannotStart, read_all_settings, tell_unknown_variables
from runtime.telemetry import telemetry
from runtime.watch import watching
from runtime.wiring import House, open_house

ROUTES = (
    webhooks,
    orders,
    status,
    refunds,
    cases,
    people,
    news,
    inbox,
    policies,
    money,
    undos,
    risk,
    tracking,
    refund_wishes,
    health,
)  # in the order of the OpenAPI document
DESCRIPTION = "Durable order and refund operations for merchants who sell on several marketplaces."


class Edge(FastAPI):
    """What stands around every answer stands outermost: the framework gives some answers itself."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = add_problem_schemas(super().openapi())
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A start that fails is told in a sentence; the framework would tell a traceback."""

        async def telling(message: Message) -> None:
            reason = self.state.cannot_start
            if message["type"] == "lifespan.startup.failed" and reason is not None:
                message["message"] = f"error: {reason}"
            await send(message)

        await super().__call__(scope, receive, telling if scope["type"] == "lifespan" else send)

    def build_middleware_stack(self) -> ASGIApp:
        return Observed(SafeHeaders(SizeLimit(TrustedProxies(super().build_middleware_stack()))))


def create_app(house: House | None = None) -> FastAPI:
    """With a house it stands in that one (tests); without, it opens its own from the environment."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if house is not None:
            app.state.house = house
            yield
            return
        start_logs()
        tell_unknown_variables()
        try:
            settings = read_all_settings()
            with telemetry(settings, "api") as metrics:
                async with open_house(settings, metrics=metrics) as opened, watching(opened):
                    app.state.house = opened
                    yield
        except CannotStart as reason:
            app.state.cannot_start = reason
            raise

    app = Edge(
        title="Lockstep",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        max_body_size=LARGEST_BODY_BYTES,
        telemetry=NO_TELEMETRY_OF_ITS_OWN,
    )
    app.state.allowances = Allowances()
    app.state.streams = Streams()
    app.state.cannot_start = None
    for routes in ROUTES:
        app.include_router(routes.router)
    add_error_answers(app)
    return app
