"""The people who decide cases: they look now and then, and do what lets the order go on."""

from collections import Counter
from collections.abc import Awaitable, Callable

from domain.approval import Status
from domain.case import CaseDecision, Cause, Choice
from domain.people import BY_ITSELF
from domain.reference import OrderId
from drill.virtual import goods
from drill.virtual.life import Life, Lives
from drill.virtual.outside import Warehouse
from drill.virtual.post import Post, signature
from drill.virtual.stage_time import StageTime
from persistence import reports, stock, trade_report
from persistence.case_list import CaseRow, Wanted, every_case
from persistence.engine import Engine
from runtime.case_decisions import CaseDecisions, DecisionFailed
from runtime.updates import TemporalAway

LOOKS_MINUTES = (*(30 for _ in range(20)), *(120 for _ in range(10)), *(720 for _ in range(40)))
"""Every half hour for ten hours, every two hours for a day, then twice a day for twenty."""


SPLIT = ("split", "given_up")
GIVEN_UP = ("short_cancelled", "given_up")


class Staff:
    """`counted`: all that was ever put on the shelves, restocked units included."""

    def __init__(
        self,
        lives: Lives,
        engine: Engine,
        decisions: CaseDecisions,
        warehouse: Warehouse,
        post: Post,
        counted: Counter[str],
    ) -> None:
        self._lives = lives
        self._engine = engine
        self._decisions = decisions
        self._warehouse = warehouse
        self._post = post
        self._counted = counted

    async def work(self, time: StageTime) -> None:
        """Until every order is at its end; in vain for those that never come to one."""
        for number, minutes in enumerate(LOOKS_MINUTES):
            time.is_quiet = minutes > LOOKS_MINUTES[0]
            await time.passes(minutes=minutes)
            await self._decide_all(time)
            await self._sign_all()
            if number > 2 and await self._all_at_rest():  # noqa: PLR2004 - the first orders are still to come
                return

    async def _all_at_rest(self) -> bool:
        async with self._engine.connect() as db:
            restless = await trade_report.restless(db) or await trade_report.owing(db)
            return not (restless or any(life.paying_back for life in self._lives))

    async def _sign_all(self) -> None:
        """What is due back, and is more than goes back without signatures."""
        for life in self._lives:
            for refund in tuple(life.refunds.values()):
                waits = refund.approval is not None and refund.approval.status is Status.OPEN
                if waits and refund.applicant == BY_ITSELF:
                    await self._post.send(signature(life, refund))

    async def _decide_all(self, time: StageTime) -> None:
        async with self._engine.connect() as db:
            waiting = [case async for case in every_case(db, Wanted()) if case.waits]
        for case in waiting:
            assert case.order_id is not None
            life = self._lives.of(OrderId.parse(case.order_id))
            choice = await self._choice(case, life, time)
            if choice is not None:
                await self._decide(CaseDecision(case.id, choice, "lin", "as agreed"))

    async def _decide(self, decision: CaseDecision) -> None:
        """What fails is found open at the next look."""
        try:
            await self._decisions.decide(decision)
        except (DecisionFailed, TemporalAway):
            return

    async def _choice(self, case: CaseRow, life: Life, time: StageTime) -> Choice | None:
        """None: nothing to decide yet."""
        if time.clock.now() < life.away_until.get("warehouse", time.clock.now()):
            return None
        deeds: dict[Cause, Callable[[Life], Awaitable[Choice | None]]] = {
            Cause.OUT_OF_STOCK: self._restock,
            Cause.UNMATCHED_SKU: self._match,
            Cause.PUSH_REFUSED: self._mend,
            Cause.ADDRESS_INCOMPLETE: self._wait_for_another,
            Cause.RETURN_DAMAGED: self._wait_for_another,
        }
        return await deeds.get(Cause(case.cause), self._try_again)(life)

    async def _restock(self, life: Life) -> Choice:
        if life.plan.story in SPLIT and not life.was_split:
            life.was_split = True
            return Choice.SPLIT
        if life.plan.story in GIVEN_UP:
            return Choice.CANCEL
        rare = goods.sku(life.order_id.shop_id, goods.RARE)
        self._counted[rare] += goods.RESTOCKED
        async with self._engine.begin() as db:
            on_hand = next(level["on_hand"] for level in await reports.stock_levels(db) if level["sku"] == rare)
            await stock.set_level(db, rare, on_hand + goods.RESTOCKED)
        return Choice.RETRY

    async def _match(self, life: Life) -> Choice:
        shop_id = life.order_id.shop_id
        key = ("shop", shop_id, goods.sku(shop_id, goods.NEW))
        async with self._engine.begin() as db:
            await stock.add_match(db, key, goods.late_match(shop_id), self._warehouse.clock.now())
        return Choice.RETRY

    async def _mend(self, life: Life) -> Choice:
        self._warehouse.refuses.discard(life.order_id.warehouse_reference())
        return Choice.RETRY

    async def _wait_for_another(self, life: Life) -> None:
        """The buyer mends it, or who looks at the damage."""
        del life

    async def _try_again(self, life: Life) -> Choice:
        del life
        return Choice.RETRY
