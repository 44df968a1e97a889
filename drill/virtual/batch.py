"""Some schedules played at once on one Temporal with a clock of its own and one record, then verified."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain.after_sale import AtDeadline
from domain.limits import Limits
from domain.money import Money
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person
from domain.people import Post as Office
from domain.policy import SHIPPED, Field, Rule, StepRule, Words
from domain.reference import BAZAAR, OWN_SHOP, OrderId, ShopId
from domain.refund_leg import Leg
from drill.virtual import acts, books, goods
from drill.virtual.acting import Act
from drill.virtual.edge import Edge
from drill.virtual.floor import Floor
from drill.virtual.house import VirtualTime, open_temporal, refund_worker, workers
from drill.virtual.judgement import Found, judge
from drill.virtual.life import Lives
from drill.virtual.marketplace import UNANSWERED, Marketplace
from drill.virtual.outside import Provider, Warehouse
from drill.virtual.page import Page
from drill.virtual.plan import PROVIDERS, Schedule, provider_of
from drill.virtual.post import Post
from drill.virtual.speech import overheard
from drill.virtual.staff import Staff
from drill.virtual.stage_time import StageTime
from drill.virtual.steps import Steps
from drill.virtual.teller import Teller
from drill.virtual.wire import Calls
from persistence import policies, shops, stock, trade_report
from persistence.customers import Customers
from persistence.engine import Engine, connect
from persistence.evidence import Evidence
from persistence.migrate import migrate
from persistence.orders import PostgresOrders
from persistence.people import save_people
from ports.clock import FixedClock
from ports.provenance import PROVENANCE, Provenance
from runtime import temporal
from runtime.attempts import AttemptLog
from runtime.case_decisions import CaseDecisions
from runtime.config import Settings
from runtime.embedded import EmbeddedPostgres
from runtime.wiring import House
from workflows import identity

IF_UNANSWERED = Rule(
    "unanswered",
    words=(Words(Field.REASON, (UNANSWERED,)),),
    steps=(StepRule("finance manager", (FINANCE_MANAGER,)),),
    at_deadline=AtDeadline.AGREE,
)
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="  # 32 bytes
TEMPLATE = "drill_template"
SIGNERS = (
    Person("boss", "Boss"),
    Person("fang", "Fang", (Office(FINANCE_MANAGER),), superior="boss"),
    Person("lin", "Lin", (Office(SUPPORT_SUPERVISOR),), superior="fang"),
)
_names = itertools.count(1)


@asynccontextmanager
async def open_records() -> AsyncIterator["Records"]:
    """A Postgres of our own, with a migrated template."""
    async with EmbeddedPostgres.throwaway() as server:
        await make_template(server)
        yield Records(server)


async def make_template(server: EmbeddedPostgres) -> None:
    engine = connect(await server.create_database(TEMPLATE))
    await migrate(engine)
    await engine.dispose()


@dataclass
class Records:
    server: EmbeddedPostgres

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        """The URL of a record for one batch."""
        name = f"drill_{next(_names)}"
        yield await self.server.create_database(name, TEMPLATE)
        await self.server.drop_database(name)


@dataclass
class Played:
    """What came of a batch: the lives, and what does not hold."""

    lives: Lives
    broken: Sequence[Found] = field(default_factory=list)


async def play(records: Records, schedules: Sequence[Schedule]) -> Played:
    """Raises whatever kept the batch from being played."""
    provenance = PROVENANCE.set(Provenance("drill"))
    try:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(records.fresh())
            engine = connect(url, pool_size=10)
            stack.push_async_callback(engine.dispose)
            env = await stack.enter_async_context(open_temporal(_settings(url).payload_key_ring))
            theatre = await Theatre.open(stack, env, engine, url, schedules)
            await theatre.play()
            return Played(theatre.lives, await theatre.judged())
    finally:
        PROVENANCE.reset(provenance)


@dataclass
class Theatre:
    env: WorkflowEnvironment
    lives: Lives
    counted: Counter[str]
    engine: Engine
    url: str
    providers: Mapping[str, Provider]
    warehouse: Warehouse
    market: Marketplace
    post: Post
    teller: Teller
    time: StageTime
    staff: Staff
    page: Page

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, env: WorkflowEnvironment, engine: Engine, url: str, schedules: Sequence[Schedule]
    ) -> "Theatre":
        lives = Lives(plan for schedule in schedules for plan in schedule.plans)
        clock = FixedClock(await env.get_current_time())
        counted = await _open_shops(engine, schedules, clock.now())
        time = StageTime(env, clock, partial(_lost, env, lives))
        wire = partial(Calls, lives, clock.now, time.start, lambda order_id: _gives_up(env, order_id))
        tellers: list[Teller] = []
        providers = {name: Provider(clock, name, wire=wire(), teller=lambda: tellers[0]) for name in PROVIDERS}
        posts: list[Post] = []
        market = Marketplace(clock, wire=wire(), post=lambda: posts[0], time=time)
        floors: list[Floor] = []
        warehouse = Warehouse(
            clock,
            wire=wire(),
            packs=lambda ref: floors[0].packs(lives.of_reference(ref), ref),
            comes_back=lambda request: floors[0].comes_back(lives.of_reference(request.order_reference), request),
        )
        platforms = {ShopId(BAZAAR, schedule.shop_id): market for schedule in schedules}
        customers = Customers(_settings(url).record_key_bytes, clock)
        orders = PostgresOrders(engine, customers, clock, Limits(), pays_back=True)
        house = House(
            _settings(url),
            clock,
            engine,
            overheard(env.client),
            customers,
            Evidence(_settings(url).record_key_bytes),
            orders,
            dict(providers),
            warehouse,
            platforms=platforms,
        )
        post = Post(Edge(house), time)
        posts.append(post)
        floors.append(Floor(warehouse, post, time))
        tellers.append(Teller(post, time))
        page = Page(partial(_book, providers, market))
        interceptors = [VirtualTime(env, clock), AttemptLog(), Steps(lives, clock.now, warehouse.wire.tell, page)]
        of_orders = workers(env, orders, providers, warehouse, interceptors, _runner(), platforms=platforms)
        for worker in (*of_orders, refund_worker(env, engine, clock, interceptors, _runner())):
            await stack.enter_async_context(worker)
        staff = Staff(lives, engine, CaseDecisions(engine, env.client, clock), warehouse, post, counted)
        return cls(env, lives, counted, engine, url, providers, warehouse, market, post, tellers[0], time, staff, page)

    async def play(self) -> None:
        for life in self.lives:
            provider = self.providers[provider_of(life.order_id.shop_id)]
            act = Act(life, provider, self.warehouse, self.market, self.post, self.teller, self.time)
            self.time.start(acts.play(act))
        self.time.start(self.staff.work(self.time))
        await self.time.play()
        self.time.start(self._hear_the_last())
        await self.time.play()

    async def _hear_the_last(self) -> None:
        """Who spoke last was promised to be heard: until that is done, or for an hour."""
        for _ in range(30):
            async with self.engine.connect() as db:
                if not (await trade_report.under_way(db)).unapplied:
                    return
            await self.time.passes(minutes=2)

    async def judged(self) -> list[Found]:
        dump = books.dump(self.lives, self.providers.values(), self.warehouse, self.market, self.post, self.counted)
        return await judge(dump, self.url, self.engine, self.page.ahead)


async def _open_shops(engine: Engine, schedules: Iterable[Schedule], now: datetime) -> Counter[str]:
    """One shop per schedule; the answer is what was counted into the shelves."""
    counted: Counter[str] = Counter()
    async with engine.begin() as db:
        await save_people(db, SIGNERS, "drill", now, seen={})
        await policies.add(db, replace(SHIPPED, version=1, rules=(IF_UNANSWERED, *SHIPPED.rules)), "drill", now)
        await shops.add_entity(db, "drill", "Drill Ltd", "Asia/Shanghai")
        for schedule in schedules:
            shop_id = schedule.shop_id
            await shops.add_shop(db, shops.Shop(OWN_SHOP, shop_id, "drill", shop_id, provider_of(shop_id), "main"))
            await shops.add_shop(db, shops.Shop(BAZAAR, shop_id, "drill", shop_id, BAZAAR, shop_id))
            for sku, units in goods.shelves(schedule).items():
                await stock.set_level(db, sku, units)
                counted[sku] += units
            for sku, components in goods.matches(shop_id).items():
                for channel in (OWN_SHOP, BAZAAR):
                    await stock.add_match(db, (channel, shop_id, sku), components, now)
    return counted


def _book(providers: Mapping[str, Provider], market: Marketplace, leg: Leg) -> Money | None:
    """What was paid back by whoever moves the money of this leg."""
    if leg.payment[0] == BAZAAR:
        return market.paid_back(leg)
    return providers[leg.payment[0]].bank.paid_back(leg.out_refund_no)


async def _gives_up(env: WorkflowEnvironment, order_id: OrderId) -> bool:
    """Whether the order's workflow has asked to stop its outside call."""
    run = env.client.get_workflow_handle(identity.order_workflow_id(order_id))
    events = [event.event_type async for event in run.fetch_history_events()]
    return EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED in events


async def _lost(env: WorkflowEnvironment, lives: Lives) -> set[str]:
    """Tasks that have begun, as the history says, and of which the server knows nothing; or that end just now.

    It refuses the answer to a task that cancels a timer which fired meanwhile, and never gives the task out again.
    """
    lost = set()
    for workflow_id in lives.workflow_ids:
        run = env.client.get_workflow_handle(workflow_id)
        try:
            known = (await run.describe()).raw_description.HasField("pending_workflow_task")
            last = (await run.fetch_history()).events[-1]
        except RPCError:  # it never began
            continue
        if not known and last.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            lost.add(f"{workflow_id} at event {last.event_id}")
    return lost


def _settings(url: str) -> Settings:
    return Settings(database_url=url, temporal_address="", record_key=KEY, payload_keys=f"drill:{KEY}")


def _runner() -> SandboxedWorkflowRunner:
    """The interceptors stand in the workflow's sandbox too."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*temporal.PASSED_THROUGH, "drill")
    return SandboxedWorkflowRunner(restrictions=restrictions)
