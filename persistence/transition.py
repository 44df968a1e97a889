"""One transition of an order: its lock, what the domain decided, everything that must be written with it, and the view.

Whatever a Change says is written in one transaction: axes, captures, ledger, stock, cases, audit, applied evidence.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain import backorder
from domain.axis import Fulfilment, Payment
from domain.case import MONEY_BACK, CaseDecision, Cause, Choice, NewCase
from domain.limits import Limits
from domain.order import Change, Order
from domain.payment import PlanPart, next_unpaid
from domain.reference import OrderId
from domain.release import moot
from domain.stopping import intercepts
from persistence import audit, cases, ledger, order_rows, outbound, payments, stock
from persistence.audit import Deed
from persistence.sheet import Sheet
from ports.clock import Clock
from ports.measures import Measures
from ports.records import OrderView, PendingStop, UnpaidPart


class AboutOrder(Protocol):
    @property
    def order_id(self) -> OrderId: ...


class OrderNotKnown(Exception):
    """A step was asked of an order that the record does not hold: it was restored to an earlier moment."""


@dataclass
class Footing:
    """One order under its lock, inside one transaction; `loaded` is None while only money has come.

    `loaded` follows what is written, so that the view needs no second look; `caused_by` is the evidence that does not
    count as applied yet. `happened` is told to the measures once the transaction is safe.
    """

    db: AsyncConnection
    now: datetime
    order_id: OrderId
    loaded: order_rows.Loaded | None
    caused_by: tuple[int, ...] = ()
    newly_paid: bool = False
    happened: list[Callable[[], None]] = field(default_factory=list)

    @property
    def known(self) -> order_rows.Loaded:
        if self.loaded is None:
            raise OrderNotKnown(str(self.order_id))
        return self.loaded

    @property
    def order(self) -> Order:
        return self.known.order


class Transitions:
    """How every method of the record does its work."""

    def __init__(self, engine: AsyncEngine, clock: Clock, limits: Limits, measures: Measures) -> None:
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._measures = measures

    @asynccontextmanager
    async def _locked(self, order_id: OrderId, event_ids: tuple[int, ...] = ()) -> AsyncIterator[Footing]:
        """A transaction with the order locked; the evidence that caused it counts as applied when it commits."""
        async with self._engine.begin() as db:
            here = Footing(db, self._clock.now(), order_id, await order_rows.load(db, order_id), event_ids)
            yield here
            if here.caused_by:
                await self._put(here, Sheet())
        for tell in here.happened:
            tell()

    async def _put(self, here: Footing, sheet: Sheet) -> None:
        """Write, and count the evidence as applied. A repeated step finds it applied, and measures nothing again."""
        received = await sheet.write(here.db, str(here.order_id), here.now, here.caused_by)
        here.caused_by = ()
        if here.newly_paid and received is not None:
            here.happened.append(lambda: self._measures.order_paid(here.now - received))

    async def _decide(
        self,
        order_id: OrderId,
        deed: Deed,
        decide: Callable[[Order], Change],
        about: Mapping[str, Any] | None = None,
    ) -> OrderView:
        """The plain kind of transition: the domain decides on the order alone."""
        async with self._locked(order_id, deed.event_ids) as here:
            await self._write(here, decide(here.order), deed, about)
            return await self._view(here)

    async def _write(
        self,
        here: Footing,
        change: Change,
        deed: Deed,
        about: Mapping[str, Any] | None = None,
        *,
        source: str = "",
        noted: bool = False,
    ) -> None:
        """Nothing is written for a change that changes nothing, unless it must be `noted` all the same."""
        before, after, order_id = here.order, change.order, str(change.order.id)
        opened = [case.cause for case in change.cases if await self._open_case(here, case)]
        if not (noted or before != after or change.entries or opened):
            return
        await payments.match_early(here.db, before.captures, after.captures)
        for each in after.outbound:
            if each.stopped and each not in before.outbound:
                await outbound.stop(here.db, order_id, each)
        await stock.reserve(here.db, order_id, change.taken)
        await stock.give_back(here.db, order_id, change.given_back)
        if change.releases_stock:
            await stock.release(here.db, order_id)
        await stock.ship(here.db, order_id, change.shipped)
        here.loaded = replace(here.known, order=after)
        here.newly_paid |= before.payment is not Payment.PAID and after.payment is Payment.PAID
        await self._settle_moot_cases(here)
        moved = {**order_rows.axes_moved(before, after), **(about or {})}
        if opened:
            moved["cases"] = opened
        sheet = order_rows.difference(before, after, source=source, now=here.now)
        ledger.book(sheet, change.entries, here.now)
        sheet.audit.append(audit.next_entry(order_id, here.known.audit_head, deed, moved, here.now))
        await self._put(here, sheet)
        here.loaded = replace(here.known, audit_head=audit.Head(sheet.audit[0]["seq"], sheet.audit[0]["hash"]))

    async def _open_case(self, here: Footing, case: NewCase, attempts: int = 0, last_error: str | None = None) -> bool:
        opened = await cases.open_case(
            here.db,
            str(here.order_id),
            case,
            now=here.now,
            limit=self._limits.case_decision,
            attempts=attempts,
            last_error=last_error,
        )
        if opened:
            here.happened.append(lambda: self._measures.case_opened(case.cause))
            await self._look_at_cases(here)
        return opened

    async def note_refusal(
        self, told: AboutOrder, case: NewCase, step: str, event_ids: tuple[int, ...] = ()
    ) -> OrderView:
        """The case for what the record can't take; the evidence that caused it counts as applied by it."""
        order_id = told.order_id
        async with self._locked(order_id, event_ids) as here:
            if await self._open_case(here, case):
                about = {"refused": case.detail, "cases": [case.cause]}
                await audit.append(here.db, str(order_id), Deed("workflow", step, event_ids), about, here.now)
            return await self._view(here)

    async def settle_refusals(self, told: AboutOrder) -> OrderView:
        reason = "settled itself: the steps after it went through"
        async with self._locked(told.order_id) as here:
            for case, _ in await cases.open_cases(here.db, str(told.order_id)):
                if case.cause is Cause.STEP_REFUSED:
                    await self._settle_case(here, CaseDecision(case.case_id, Choice.CLOSE, "workflow", reason))
            return await self._view(here)

    async def _settle_case(self, here: Footing, decision: CaseDecision) -> bool:
        """False when it was settled before, or never was."""
        settled = await cases.settle(here.db, decision, here.now)
        if here.loaded is not None:
            left = tuple(each for each in here.loaded.open_cases if each[0].case_id != decision.case_id)
            here.loaded = replace(here.loaded, open_cases=left)
        return settled

    async def _look_at_cases(self, here: Footing) -> None:
        if here.loaded is not None:
            found = tuple(await cases.open_cases(here.db, str(here.order_id)))
            here.loaded = replace(here.loaded, open_cases=found)

    async def _settle_moot_cases(self, here: Footing) -> None:
        for case, _ in here.known.open_cases:
            if moot(case.cause, here.order):
                reason = f"settled itself: the order is {here.order.stage}"
                await self._settle_case(here, CaseDecision(case.case_id, Choice.CLOSE, "workflow", reason))

    async def _view(self, here: Footing) -> OrderView:
        if here.loaded is None:
            open_cases = tuple(await cases.open_cases(here.db, str(here.order_id)))
        else:
            open_cases = here.loaded.open_cases
        waiting = tuple(case for case, waits in open_cases if waits)
        if here.loaded is None:
            return OrderView(here.order_id, known=False, limits=self._limits, cases=waiting, open_cases=len(open_cases))
        order = here.order
        arrived = [parcel.delivered_at for parcel in order.parcels if parcel.delivered_at]
        return OrderView(
            here.order_id,
            known=True,
            limits=self._limits,
            stage=order.stage,
            payment=order.payment,
            fulfilment=order.fulfilment,
            cancellation=order.cancellation,
            holds=order.holds,
            amount=order.amount,
            unpaid=_unpaid(here.loaded),
            delivered_at=max(arrived, default=None),
            cases=waiting,
            open_cases=len(open_cases),
            outbound=max(len(order.outbound) + bool(order.unpushed), 1),
            pushing=bool(order.unpushed),
            backordered=order.backordered,
            owed=tuple(case.case_id for case, _ in open_cases if case.cause in MONEY_BACK),
            awaits_stock=bool(order.fulfilment is Fulfilment.WAITING or order.holds or backorder.wanted(order)),
            stops=tuple(PendingStop(each.refund_id, intercepts(order, each)) for each in order.stops),
        )


def _unpaid(loaded: order_rows.Loaded) -> UnpaidPart | None:
    order = loaded.order
    part = next_unpaid(order.plan, order.captures)
    if part is None:
        return None
    return UnpaidPart(
        loaded.provider,
        loaded.account,
        order.id.out_trade_no(part.part, len(order.plan)),
        part.part,
        part.amount,
        _opened(order, part),
        part.pay_until,
    )


def _opened(order: Order, part: PlanPart) -> datetime:
    """The first part can be paid once the order is placed, the next one once the part before is paid."""
    before = [each.paid_at for each in order.captures if each.matched and each.part == part.part - 1]
    return max([order.placed_at, *before])
