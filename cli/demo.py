"""`lockstep demo`: an hour of trade in about a minute, with all that goes wrong in one, then proof of the result."""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console

from api.tracking_links import signed_link
from cli.demo_refunds import RefundFigures, provider_ledgers
from cli.demo_staff import hire
from cli.demo_table import print_invariants, print_places, print_report, progress_line
from cli.demo_world import TIME_SCALE, World, create_world, open_shop
from domain.reference import OrderId
from persistence import refund_report, trade_report
from persistence.engine import Engine, connect
from persistence.news import news_counts
from persistence.refund_report import SampleRefund
from ports.clock import SystemClock
from runtime.child import Child
from runtime.config import Settings
from runtime.local_house import LocalHouse, open_local_house, until_ready
from workflows.identity import refund_workflow_id

FOLDER = Path(".data/demo")
ORDERS, WECHATPAY_ORDERS, SEED, SECONDS = 400, 100, 7, 60
STUCK_BEFORE_KILL, REFUNDS_BEFORE_KILL = 20, 2  # orders paid but not pushed, and refunds under way, at the kill
QUIET_LIMIT_SECONDS = 300.0
QUIET_FOR_SECONDS = 2.0  # what is due back is asked for a moment after its cause
LOOK_EVERY_SECONDS = 0.25
SPEAK_EVERY_SECONDS = 5.0


@dataclass
class Demo:
    """One run, with what it saw on its way."""

    console: Console
    house: LocalHouse
    world: World
    engine: Engine
    began: float
    worker: Child
    staff: dict[str, str]
    children: list[Child] = field(default_factory=list)
    first_push_seconds: float | None = None
    killed_with: dict[str, int] | None = None

    async def trade(self) -> None:
        """The hour itself. The worker is killed when it hurts most, and started again."""
        size = {"orders": ORDERS, "wechatpay_orders": WECHATPAY_ORDERS}
        await self.world.ask("/trade-hour", {**size, "seed": SEED, "seconds": SECONDS, "staff": self.staff})
        spoken = 0.0
        while True:
            for child in self.children:
                child.must_run()
            progress = await self.world.ask("/progress")
            under_way = await self._under_way()
            if self.first_push_seconds is None and under_way.pushed:
                self.first_push_seconds = time.monotonic() - self.began
                self.console.print(f"first order at the warehouse {self.first_push_seconds:.1f} s after the command")
            if time.monotonic() - spoken > SPEAK_EVERY_SECONDS:
                spoken = time.monotonic()
                self.console.print(progress_line(progress, under_way))
            await self._kill_worker_once(progress, under_way)
            if progress["finished"]:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _kill_worker_once(self, progress: dict[str, Any], under_way: trade_report.UnderWay) -> None:
        stuck, unanswered = under_way.paid_not_pushed, progress["pushes_unanswered"]
        is_time = stuck >= STUCK_BEFORE_KILL and unanswered and under_way.refunds >= REFUNDS_BEFORE_KILL
        if self.killed_with or not is_time:
            return
        await self.worker.kill()
        self.killed_with = {
            "paid_not_pushed": stuck,
            "pushes_unanswered": unanswered,
            "refunds_under_way": under_way.refunds,
        }
        self.console.print(
            f"[bold red]worker killed with SIGKILL[/]: {stuck} orders paid but not pushed, "
            f"{unanswered} pushes sent and unanswered, {under_way.refunds} refunds under way"
        )
        await asyncio.sleep(1)
        self.worker.start()
        self.console.print("worker started again")

    async def settle(self) -> None:
        """Wait until the world rests: every message applied, orders and refunds at their end or waiting for a person.

        Only then do two ledgers that are read one after the other show the same moment.
        """
        self.console.print("the hour is over; the last parcels and refunds are on their way ...")
        busy_at = time.monotonic()
        end = busy_at + QUIET_LIMIT_SECONDS
        while time.monotonic() < end:
            if await self._is_busy():
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at > QUIET_FOR_SECONDS:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        self.console.print("[yellow]still busy after five minutes; the table shows where things stand[/]")

    async def _is_busy(self) -> bool:
        now = await self._under_way()
        async with self.engine.connect() as db:
            stopped = await trade_report.orders_waiting_for_people(db)
            refunds = await trade_report.restless_refunds(db)
            unsent = (await news_counts(db)).waiting
        busy = (now.unapplied, now.unpaid, now.on_their_way, now.untold, refunds, unsent, now.paid_not_pushed > stopped)
        return any(busy) or bool((await self.world.ask("/progress"))["refunds_open"])

    async def _under_way(self) -> trade_report.UnderWay:
        async with self.engine.connect() as db:
            return await trade_report.under_way(db)

    async def report(self) -> dict[str, Any]:
        """Table, invariants by the independent verifier, addresses; all of it as data too."""
        dump, verdict = self.house.folder / "world-dump.json", self.house.folder / "invariants.json"
        told = await self.world.ask("/dump")
        dump.write_text(json.dumps(told, ensure_ascii=False))
        code = await _verify(dump, self.house.database_url, verdict)
        invariants = json.loads(verdict.read_text())["invariants"]
        async with self.engine.connect() as db:
            report = await trade_report.trade_report(db)
            counts, cycle = await refund_report.refund_counts(db), await refund_report.refund_cycle(db)
            sample = await refund_report.sample_refund(db)
            news = await news_counts(db)
        at_gateway = len(told["sms"]["delivered"])
        refunds = RefundFigures(counts, provider_ledgers(told), cycle, news, at_gateway, TIME_SCALE)
        print_report(self.console, report, refunds, self.killed_with, self.first_push_seconds)
        print_invariants(self.console, invariants)
        print_places(self.console, self._places(sample))
        return {
            "held": code == 0,
            "invariants": invariants,
            "table": report.as_data(),
            "refunds": refunds.as_data(),
            "worker_killed_with": self.killed_with,
            "first_push_seconds": self.first_push_seconds,
        }

    def _places(self, sample: SampleRefund | None) -> dict[str, str]:
        places = {"API docs": f"{self.house.api_url}/docs"}
        if sample is not None:
            os.environ.update(self.house.environment)
            places["tracking page of a refund's order"] = signed_link(Settings(), OrderId.parse(sample.order_id))
        if self.house.temporal_ui_url:
            workflows = f"{self.house.temporal_ui_url}/namespaces/default/workflows?query="
            places["Temporal Web UI, what waits for people"] = workflows + quote("LockstepNeedsAttention = true")
            if sample is not None:
                this = f'WorkflowId = "{refund_workflow_id(sample.refund_id)}"'
                places["Temporal Web UI, that refund"] = workflows + quote(this)
        return places


async def _verify(dump: Path, database_url: str, verdict: Path) -> int:
    """The verifier is a program of its own that knows nothing of the product."""
    arguments = ("-m", "verify", "--dump", str(dump), "--database", database_url, "--json", str(verdict))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=None
    )
    return await process.wait()


async def run_demo(*, once: bool, json_file: Path | None) -> int:
    """0 when every invariant held."""
    began, console = time.monotonic(), Console()
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = FOLDER.absolute()
    console.print("starting Postgres, Temporal, API, worker and the pretend world ...")
    async with AsyncExitStack() as stack:
        world = create_world(folder)
        house = await stack.enter_async_context(open_local_house(folder, world.settings()))
        engine = connect(house.database_url)
        stack.push_async_callback(engine.dispose)
        async with engine.begin() as db:
            token = await open_shop(db)
            staff = await hire(db, TIME_SCALE, SystemClock().now())
        worker = house.worker()
        children = [house.api(), world.program(house.api_url, token)]
        for child in (*children, worker):
            child.start()
            stack.push_async_callback(child.stop)
        await until_ready(f"{house.api_url}/health/ready", children[0])
        await until_ready(f"{world.url}/control/progress", children[1])
        demo = Demo(console, house, world, engine, began, worker, staff, children)
        await demo.trade()
        await demo.settle()
        result = await demo.report()
        if json_file is not None:
            json_file.write_text(json.dumps(result, ensure_ascii=False, indent=2))
        if not once:
            console.print("serving until Ctrl-C")
            await _until_interrupted()
    return 0 if result["held"] else 1


async def _until_interrupted() -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def demo(*, once: bool, json_file: Path | None) -> None:
    """Ends the process by itself: the Temporal client may abort a normal exit of the interpreter."""
    code = asyncio.run(run_demo(once=once, json_file=json_file))
    sys.stdout.flush()
    os._exit(code)
