"""The pretend world as one web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from sandbox.control import Control
from sandbox.dump import write_dump
from sandbox.town import Settings, Town
from sandbox.world import World


def build(world: World, settings: Settings, *, dump_to: Path | None = None) -> FastAPI:
    """`app.state.town` is the world itself, for tests that run in its process.

    Where no server runs the application's lifespan, `await app.state.town.close()` ends it.
    """
    town = Town(world, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if dump_to is not None:
            write_dump(dump_to, town.dump())
        await town.close()

    app = FastAPI(title="Lockstep sandbox", lifespan=lifespan)
    app.state.town = town
    app.include_router(town.alipay.gateway.routes())
    app.include_router(town.wechatpay.gateway.routes())
    app.include_router(town.warehouse.counter.routes())
    app.include_router(town.shop.level_board.routes())
    app.include_router(town.bazaar.routes())
    app.include_router(town.sms.routes())
    app.include_router(Control(town).routes())
    return app
