"""Who runs the chain: the product, and the three baselines beside it. All take the same notices."""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import ClassVar

from sqlalchemy import text

from benchmarks.baselines import store
from benchmarks.checks import Lost, each_once
from benchmarks.house import BenchHouse, running
from benchmarks.load.request import Request, Sent
from benchmarks.notices import AMOUNT_MINOR
from runtime.child import Child
from runtime.embedded.port_choice import free_port
from runtime.local_house import until_ready

WORKERS = 2  # on two cores the machine is the limit then, not one worker's core
WARM_UP = 20
PATIENCE_SECONDS = 120.0  # without any progress
LOOK_EVERY_SECONDS = 0.1
_numbers = itertools.count(100_000)


class Contender(ABC):
    """All of them stand over the same servers: `async with contender.serving()`, then prepare and send."""

    name: ClassVar[str]
    worker_count: ClassVar[int] = WORKERS

    def __init__(self, house: BenchHouse) -> None:
        self.house = house
        self.port = house.local.api_port
        self.processes: list[Child] = []  # the API, then the workers

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        if self.name != "product":
            self.port = free_port(8300)
        api = self.api()
        self.processes = [api, *(self.worker(number) for number in range(1, self.worker_count + 1))]
        async with running(self.processes):
            await until_ready(f"http://127.0.0.1:{self.port}/health/ready", api)
            yield

    async def warm_up(self) -> None:
        """Code, connections and prepared statements, by a few orders that nobody measures."""
        notices = await self.prepare(WARM_UP)
        await self.begin()
        await self.house.send(self.port, notices)
        await self.finished(WARM_UP)

    @abstractmethod
    def api(self) -> Child: ...

    @abstractmethod
    def worker(self, number: int) -> Child: ...

    @abstractmethod
    async def prepare(self, count: int) -> list[Request]:
        """Orders that wait for money, and the notices that bring it."""

    async def begin(self) -> None:
        """What comes from now on is counted."""
        await self.house.forget()

    async def finished(self, count: int) -> None:
        """Return when so many chains are over since `begin`. Raises Lost when none moves any more."""
        await until_count(lambda: self.house.passed("marked"), count)

    async def arrived(self, sent: Sequence[Sent]) -> dict[str, float]:
        """Order -> when the warehouse first took it, seconds since the epoch. Raises Lost when one is missing."""
        refused = [each for each in sent if each.status != HTTPStatus.OK or each.answer != "success"]
        if refused:
            raise Lost(f"{self.name}: {len(refused)} notices refused, the first with {refused[0].status}")
        accepted = (await self.house.seen())["first"].get("accepted", {})
        times = {reference.rpartition(".")[2]: at for reference, at in accepted.items()}
        missing = {each.key for each in sent} - set(times)
        if missing:
            raise Lost(f"{self.name}: {len(missing)} orders never reached the warehouse")
        return times


async def until_count(counted: Callable[[], Awaitable[int]], wanted: int) -> None:
    """Raises Lost after two minutes without progress."""
    loop = asyncio.get_running_loop()
    last, moved = -1, loop.time()
    while (now := await counted()) < wanted:
        if now > last:
            last, moved = now, loop.time()
        if loop.time() - moved > PATIENCE_SECONDS:
            raise Lost(f"{wanted - now} of {wanted} orders stopped on their way")
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def order_numbers(count: int) -> list[str]:
    """Never given twice in one run."""
    return [str(next(_numbers)) for _ in range(count)]


class Product(Contender):
    """Lockstep itself."""

    name = "product"

    def __init__(self, house: BenchHouse) -> None:
        super().__init__(house)
        self._pushed_before = 0

    @property
    def workers(self) -> list[Child]:
        return self.processes[1:]

    def api(self) -> Child:
        return self.house.product_api()

    def worker(self, number: int) -> Child:
        return self.house.product_worker(number)

    async def prepare(self, count: int) -> list[Request]:
        order_nos = order_numbers(count)
        already = await self.at_stage("awaiting_payment")
        placing = [self.house.outside.order(each, number) for number, each in enumerate(order_nos)]
        await self.house.send(self.port, placing)
        await until_count(lambda: self.at_stage("awaiting_payment"), already + count)
        return [self.house.outside.notice(each) for each in order_nos]

    async def begin(self) -> None:
        await super().begin()
        self._pushed_before = await self.at_stage("at_warehouse")

    async def finished(self, count: int) -> None:
        await until_count(lambda: self.at_stage("at_warehouse"), self._pushed_before + count)

    async def arrived(self, sent: Sequence[Sent]) -> dict[str, float]:
        await each_once(self.house.engine, [each.key for each in sent])
        return await super().arrived(sent)

    async def at_stage(self, stage: str) -> int:
        async with self.house.engine.connect() as db:
            query = text("select count(*) from orders where stage = :stage")
            return int((await db.execute(query, {"stage": stage})).scalar_one())


class Floor(Contender):
    name = "floor"

    def api(self) -> Child:
        return self.house.baseline("floor", "api", str(self.port))

    def worker(self, number: int) -> Child:
        return self.house.baseline("floor", "worker", str(number))

    async def prepare(self, count: int) -> list[Request]:
        order_nos = order_numbers(count)
        await self.house.forget()
        await self.house.send(self.port, [Request(each, "POST", f"/orders/{each}", {}) for each in order_nos])
        await until_count(lambda: self.house.passed("placed"), count)
        return [self.house.outside.notice(each, f"/webhooks/alipay/{each}") for each in order_nos]


class WithStore(Contender):
    """A baseline over tables of its own."""

    async def prepare(self, count: int) -> list[Request]:
        order_nos = order_numbers(count)
        engine = store.connect(self.house.local.database_url)
        await store.create(engine)
        await store.place(engine, order_nos, AMOUNT_MINOR)
        await engine.dispose()
        return [self.house.outside.notice(each) for each in order_nos]


class Plain(WithStore):
    name = "plain"

    def api(self) -> Child:
        return self.house.baseline("plain", "api", str(self.port))

    def worker(self, number: int) -> Child:
        return self.house.baseline("plain", "worker", str(number))


class Inline(WithStore):
    """The API does all of it."""

    name = "inline"
    worker_count = 0

    def api(self) -> Child:
        return self.house.baseline("inline", "api", str(self.port))

    def worker(self, number: int) -> Child:
        raise NotImplementedError


CONTENDERS: tuple[type[Contender], ...] = (Product, Floor, Plain, Inline)
