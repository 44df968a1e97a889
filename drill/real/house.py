"""Everything real, in processes: Postgres, Temporal, API, worker, and the pretend world outside, with gates between."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from temporalio.client import Client
from temporalio.service import RPCError

from cli.demo_world import World, create_world, open_shop
from domain.money import Money
from domain.order import Stage
from domain.policy import REFUNDS, SHIPPED, Band, Field, Policy, Rule, Words
from domain.reference import OrderId
from domain.refund import Refund, RefundStage
from drill.real.gate import Gate
from persistence import failures, policies, refund_rows, reports, trade_report
from persistence.engine import Engine, connect
from persistence.refund_rows import LoadedRefund
from ports.clock import SystemClock
from runtime.child import Child
from runtime.embedded.port_choice import free_port
from runtime.local_house import LocalHouse, open_local_house, until_ready

SERVERS_OF_OTHERS = ("DATABASE_URL", "TEMPORAL_ADDRESS")
LOOK_EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 90.0
AT_WAREHOUSE = ("warehouse", "parcel")
GATEWAYS = {"tea": "gateway", "tools": "wechatpay"}
DUE_BACK = Rule("due back", Band(at_most=Money(10_000_00, "CNY")), (Words(Field.BASIS, ("due",)),), by_itself=True)
ALL_BY_ITSELF = Policy(REFUNDS, (DUE_BACK, *SHIPPED.rules[1:]), version=1)  # nobody is there to sign


class NeverCame(Exception):
    """Something that should have come to pass did not, within our patience."""


class Victim(StrEnum):
    WORKER = "worker"
    API = "api"
    TEMPORAL = "temporal"
    POSTGRES = "postgres"


class Killable(Protocol):
    @property
    def pid(self) -> int: ...

    async def kill(self) -> None: ...


@dataclass
class DrillHouse:
    """`to_temporal` stands between API and Temporal, `to_api` between the outside and the API."""

    local: LocalHouse
    engine: Engine
    world: World
    api: Child
    worker: Child
    to_temporal: Gate
    to_api: Gate
    next_order_no: int = 1001
    children: list[Child] = field(default_factory=list)

    # The outside

    @property
    def next_order(self) -> OrderId:
        """Every third is of the shop that WeChat Pay pays."""
        return OrderId("shop", "tea" if self.next_order_no % 3 else "tools", str(self.next_order_no))

    async def order(self) -> OrderId:
        """Placed at the shop and accepted."""
        placed = self.next_order
        self.next_order_no += 1
        wish = {"order_no": placed.order_no, "shop_id": placed.shop_id, "seed": int(placed.order_no)}
        await self.world.ask("/orders", wish)
        return placed

    async def pay(self, order_id: OrderId) -> None:
        await self.world.ask("/payments", {"out_trade_no": order_id.out_trade_no(1, 1)})

    async def cancel(self, order_id: OrderId) -> None:
        await self.world.ask("/cancellations", {"out_trade_no": order_id.out_trade_no(1, 1)})

    async def plant(self, order_id: OrderId, place: str, fault: str, **more: Any) -> None:
        """At the trade, its `provider`, the warehouse or a parcel of this order."""
        key = order_id.warehouse_reference() if place in AT_WAREHOUSE else order_id.out_trade_no(1, 1)
        where = GATEWAYS[order_id.shop_id] if place == "provider" else place
        await self.world.ask("/faults", {"place": where, "fault": fault, "key": key, **more})

    # What is seen

    async def stage(self, order_id: OrderId) -> str | None:
        async with self.engine.connect() as db:
            found = await reports.order_report(db, str(order_id))
        return None if found is None else str(found["stage"])

    async def until_stage(self, order_id: OrderId, *stages: Stage) -> None:
        async def reached() -> bool:
            return await self.stage(order_id) in stages

        await self.until(reached, f"{order_id} at {' or '.join(stages)}")

    async def refund(self, order_id: OrderId) -> Refund:
        """The one that pays this order back, by itself."""

        async def opened() -> bool:
            async with self.engine.connect() as db:
                found.update(await refund_rows.load_all(db, order_id))
            return bool(found)

        found: dict[str, LoadedRefund] = {}
        await self.until(opened, f"a refund of {order_id}")
        return next(iter(found.values())).refund

    async def until_paid_back(self, order_id: OrderId) -> None:
        async def paid_back() -> bool:
            return (await self.refund(order_id)).stage is RefundStage.PAID_BACK

        await self.until(paid_back, f"the money of {order_id} paid back")

    async def until_asked(self, workflow_id: str, activity: str) -> None:
        """The outside works on this call of ours, and has not answered."""
        client = await Client.connect(self.local.temporal_address)
        run = client.get_workflow_handle(workflow_id)

        async def asked() -> bool:
            try:
                pending = (await run.describe()).raw_description.pending_activities
            except RPCError:
                return False
            return any(each.activity_type.name == activity and each.HasField("last_started_time") for each in pending)

        await self.until(asked, f"{activity} of {workflow_id} unanswered")

    async def until_kept(self, order_id: OrderId, kind: str) -> None:
        """A message about this order is evidence, and the order has not heard of it."""

        async def kept() -> bool:
            async with self.engine.connect() as db:
                moments = await reports.timeline(db, str(order_id))
            return any(
                (each.kind, each.what, each.about.get("verdict")) == ("message", kind, "accepted")
                and "applied_at" not in each.about
                for each in moments
            )

        await self.until(kept, f"{kind} of {order_id}, kept and not applied")

    async def under_way(self) -> trade_report.UnderWay:
        async with self.engine.connect() as db:
            return await trade_report.under_way(db)

    async def restless(self) -> list[str]:
        """Orders and refunds that are neither at their end nor with a person."""
        async with self.engine.connect() as db:
            return [*await trade_report.restless(db), *await trade_report.restless_refunds(db)]

    async def until(self, holds: Callable[[], Awaitable[object]], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Raises NeverCame. Connections that we kept may break once, when the record comes back."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    with suppress(failures.RecordFailure), failures.in_words():
                        if await holds():
                            return
                    self.must_run()
                    await asyncio.sleep(LOOK_EVERY_SECONDS)
        except TimeoutError:
            raise NeverCame(f"not within {seconds:.0f} s: {what}") from None

    def must_run(self) -> None:
        """Raises ChildFailed when one of our programs ended though nobody killed it."""
        for child in self.children:
            child.must_run()

    # Death and return

    def victim(self, who: Victim) -> Killable:
        if who is Victim.WORKER:
            return self.worker
        return self.api if who is Victim.API else self.local.servers[who]

    async def bring_back(self, who: Victim) -> None:
        """Returns when it serves again."""
        if who is Victim.WORKER:
            self.worker.start()
        elif who is Victim.API:
            self.api.start()
        else:
            await self.local.servers[who].start()
        await until_ready(f"{self.local.api_url}/health/ready", self.api)
        self.worker.must_run()


@asynccontextmanager
async def open_drill_house(folder: Path) -> AsyncIterator[DrillHouse]:
    """Embedded servers always: nobody's own are killed."""
    for name in SERVERS_OF_OTHERS:
        os.environ.pop(name, None)
    async with AsyncExitStack() as stack:
        world = replace(create_world(folder), port=free_port())  # not the demo's: that may run beside us
        settings = world.settings()
        local = await stack.enter_async_context(open_local_house(folder, settings))
        local.api_port = free_port()
        engine = connect(local.database_url)
        stack.push_async_callback(engine.dispose)
        async with engine.begin() as db:
            token = await open_shop(db)
            await policies.add(db, ALL_BY_ITSELF, "drill", SystemClock().now())
        to_temporal = await stack.enter_async_context(Gate(local.temporal_address).standing())
        to_api = await stack.enter_async_context(Gate(local.api_url.removeprefix("http://")).standing())
        api = local.api({"TEMPORAL_ADDRESS": to_temporal.address})
        worker, outside = local.worker(), world.program(f"http://{to_api.address}", token)
        for child in (api, outside, worker):
            child.start()
            stack.push_async_callback(child.stop)
        await until_ready(f"{local.api_url}/health/ready", api)
        await until_ready(f"{world.url}/control/progress", outside)
        stack.callback(to_temporal.open)
        stack.callback(to_api.open)
        yield DrillHouse(local, engine, world, api, worker, to_temporal, to_api, children=[outside])
