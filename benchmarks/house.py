"""The house that is measured: servers over clean data, an open shop, the tiny warehouse, hands to send a load."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter

from benchmarks.load.request import Request, Sent
from benchmarks.notices import Outside
from cli.demo_world import World, create_world, open_shop
from domain.limits import Limits
from persistence.engine import Engine, connect
from runtime.child import Child
from runtime.config import Settings
from runtime.embedded.port_choice import free_port
from runtime.local_house import LocalHouse, open_local_house, until_ready

LINES = 128  # a provider opens as many connections as it has notices to tell
SERVERS_OF_OTHERS = ("DATABASE_URL", "TEMPORAL_ADDRESS")
COMPLETES_AFTER = timedelta(seconds=2)
NOBODY_ASKS = timedelta(hours=12)  # an order that waits for its turn must not set off questions to the provider


@dataclass
class BenchHouse:
    """`finish` is the warehouse and finish line, `engine` the record."""

    local: LocalHouse
    engine: Engine
    outside: Outside
    world: Path
    finish: httpx.AsyncClient
    finish_port: int

    @property
    def folder(self) -> Path:
        return self.local.folder

    def settings(self) -> Settings:
        """As the product's processes read them; only what signs links and finds the servers."""
        names = ("DATABASE_URL", "TEMPORAL_ADDRESS", "LOCKSTEP_RECORD_KEY", "LOCKSTEP_PAYLOAD_KEYS")
        read: dict[str, Any] = {name.removeprefix("LOCKSTEP_").lower(): self.local.environment[name] for name in names}
        return Settings(**read)

    def product_api(self) -> Child:
        return self.local.api()

    def product_worker(self, number: int = 1) -> Child:
        return self.local.worker(f"worker-{number}")

    def baseline(self, name: str, *role: str) -> Child:
        environment = {
            "DATABASE_URL": self.local.database_url,
            "TEMPORAL_ADDRESS": self.local.temporal_address,
            "BENCH_FINISH_PORT": str(self.finish_port),
            "BENCH_PUBLIC_KEY_FILE": str(self.world / "alipay_public.pem"),
        }
        arguments = ("-m", f"benchmarks.baselines.{name}", *role)
        return Child(f"{name}-{'-'.join(role)}", arguments, environment, self.folder)

    async def send(self, port: int, requests: Sequence[Request], *, lines: int = LINES, at_once: int = 0) -> list[Sent]:
        """By a process of its own. Returns when each request has its answer or was given up.

        `at_once`: so many may be on their way to the warehouse; 0 for any number.
        """
        plan, result = self.folder / "plan.json", self.folder / "sent.json"
        content = {
            "host": "127.0.0.1",
            "port": port,
            "lines": lines,
            "finish_port": self.finish_port,
            "at_once": at_once,
            "requests": [asdict(each) for each in requests],
        }
        plan.write_text(json.dumps(content))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.load.generator", str(plan), str(result)
        )
        if await process.wait() != 0:
            raise RuntimeError("the load generator failed")
        return [Sent(**each) for each in json.loads(result.read_text())]

    async def seen(self) -> dict[str, Any]:
        """The finish line's `first` and `again`."""
        answer: dict[str, Any] = (await self.finish.get("/seen")).json()
        return answer

    async def passed(self, verb: str) -> int:
        return int((await self.finish.get("/counts")).json().get(verb, 0))

    async def forget(self) -> None:
        await self.finish.post("/forget")


@asynccontextmanager
async def open_bench_house(folder: Path) -> AsyncIterator[BenchHouse]:
    """Embedded servers always: CPU time is only seen of processes on this machine."""
    for name in SERVERS_OF_OTHERS:
        os.environ.pop(name, None)
    folder.mkdir(parents=True, exist_ok=True)
    create_world(folder)
    async with open_local_house(folder, {}) as local, open_shop_and_warehouse(local) as house:
        yield house


@asynccontextmanager
async def open_shop_and_warehouse(local: LocalHouse) -> AsyncIterator[BenchHouse]:
    """Over servers that run; the world's keys are in the house's folder."""
    async with AsyncExitStack() as stack:
        folder, port = local.folder, free_port(8200)
        world = World(folder / "world", port)
        local.environment |= world.settings() | _settings(port)
        engine = connect(local.database_url)
        stack.push_async_callback(engine.dispose)
        async with engine.begin() as db:
            token = await open_shop(db)
        warehouse = Child("warehouse", ("-m", "benchmarks.load.warehouse", str(port)), {}, folder)
        await stack.enter_async_context(running([warehouse]))
        url = f"http://127.0.0.1:{port}"
        await until_ready(f"{url}/counts", warehouse)
        finish = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=30))
        yield BenchHouse(local, engine, Outside.of(world.folder, token), world.folder, finish, port)


def _settings(warehouse_port: int) -> dict[str, str]:
    """Real time, unlike the demo's."""
    limits = Limits(ask_provider_after=NOBODY_ASKS, completes_after_delivery=COMPLETES_AFTER)
    return {
        "LOCKSTEP_TIME_SCALE": "1",
        "LOCKSTEP_LIMITS": TypeAdapter(Limits).dump_json(limits).decode(),
        "LOCKSTEP_WAREHOUSE_URL": f"http://127.0.0.1:{warehouse_port}",
    }


@asynccontextmanager
async def running(children: Sequence[Child]) -> AsyncIterator[None]:
    try:
        for child in children:
            child.start()
        yield
    finally:
        await asyncio.gather(*(child.stop() for child in children))
