"""The HTTP edge: `uvicorn --factory api.app:create_app`. Thin: it turns messages into facts and answers questions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.headers import SafeHeaders
from api.errors import add_error_answers
from api.routes import cases, health, orders, webhooks
from runtime.config import Settings
from runtime.logs import start_logs
from runtime.wiring import House, open_house

LARGEST_BODY_BYTES = 256 * 1024
DESCRIPTION = "Durable order and refund operations for merchants who sell on several marketplaces."


def create_app(house: House | None = None) -> FastAPI:
    """With a house it stands in that one (tests); without, it opens its own from the environment."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if house is not None:
            app.state.house = house
            yield
            return
        start_logs()
        async with open_house(Settings()) as opened:
            app.state.house = opened
            yield

    app = FastAPI(
        title="Lockstep",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        max_body_size=LARGEST_BODY_BYTES,
    )
    for routes in (webhooks, orders, cases, health):
        app.include_router(routes.router)
    add_error_answers(app)
    app.add_middleware(SafeHeaders)
    return app
