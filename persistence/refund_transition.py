"""One transition of a refund: its order's lock, everything that must be written with it, and the view."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import CaseDecision, Cause, Choice, NewCase, time_for
from domain.limits import Limits
from domain.money import Money, total
from domain.news import for_customer, for_signers
from domain.order import Order
from domain.refund import Goods, Refund
from domain.repayment import RefundChange, moot, over_caps, short_legs
from domain.returns import to_come_back
from persistence import audit, caps, cases, grouped_cases, invoices, news, order_rows, refund_rows
from persistence.audit import Deed
from persistence.ledger import book
from persistence.refund_rows import LoadedRefund
from persistence.sheet import Sheet
from persistence.transition import OrderNotKnown
from ports.clock import Clock
from ports.measures import UNMEASURED, Measures
from ports.records import WaitingCase
from ports.refunds import (
    ApprovalMoved,
    DecidedAtDeadline,
    LegAnswered,
    LegView,
    PlatformTold,
    PolicyApproved,
    RefundAsked,
    RefundCaseOpened,
    RefundCaseSettled,
    RefundStep,
    RefundTold,
    RefundView,
)
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived

WORKFLOW = "workflow"
AWAITED = (Goods.EXPECTED, Goods.UNDER_WAY)
OfReturn = GoodsSent | ReturnReceived | ReturnAssessed
OfCase = RefundCaseOpened | RefundCaseSettled
OfMoney = PolicyApproved | DecidedAtDeadline | LegAnswered | RefundTold | PlatformTold
Told = RefundAsked | RefundStep | ApprovalMoved | OfMoney | OfCase | OfReturn
_MONEY = text("select refund_due_minor from order_money where order_id = :id for update")


class RefundNotKnown(OrderNotKnown):
    """A step was asked of a refund that the record does not hold: it was restored to an earlier moment."""


@dataclass
class Ground:
    """One refund under its order's lock, inside one transaction; `all` are the order's, by id."""

    db: AsyncConnection
    now: datetime
    refund_id: str
    order: Order
    audit_head: audit.Head
    due: Money
    all: dict[str, LoadedRefund]
    waiting: list[tuple[WaitingCase, bool]]
    happened: list[Callable[[], None]] = field(default_factory=list)

    @property
    def loaded(self) -> LoadedRefund:
        if self.refund_id not in self.all:
            raise RefundNotKnown(self.refund_id)
        return self.all[self.refund_id]

    @property
    def others(self) -> list[Refund]:
        return [each.refund for refund_id, each in self.all.items() if refund_id != self.refund_id]


class RefundTransitions:
    """How every method of the record of refunds does its work."""

    def __init__(self, engine: AsyncEngine, clock: Clock, limits: Limits, measures: Measures = UNMEASURED) -> None:
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._measures = measures

    @asynccontextmanager
    async def _locked(self, told: Told) -> AsyncIterator[Ground]:
        async with self._engine.begin() as db:
            found = await order_rows.load(db, told.order_id)
            if found is None:
                raise OrderNotKnown(str(told.order_id))
            due = (await db.execute(_MONEY, {"id": str(told.order_id)})).scalar_one_or_none()
            here = Ground(
                db,
                self._clock.now(),
                told.refund_id,
                found.order,
                found.audit_head,
                Money(due or 0, found.order.shipping.currency),
                await refund_rows.load_all(db, told.order_id),
                await cases.open_cases_of_refund(db, told.refund_id),
            )
            yield here
        for tell in here.happened:
            tell()

    async def _put(
        self, here: Ground, change: RefundChange, deed: Deed, about: Mapping[str, Any] | None = None
    ) -> RefundView:
        await self._save(here, replace(here.loaded, refund=change.refund), change, deed, about)
        return self._view(here)

    async def _save(
        self,
        here: Ground,
        after: LoadedRefund,
        change: RefundChange,
        deed: Deed,
        about: Mapping[str, Any] | None = None,
        *,
        noted: bool = False,
    ) -> None:
        """Nothing is written for a change that changes nothing, unless it must be `noted` all the same."""
        before = here.loaded
        change = replace(change, cases=(*change.cases, *await self._red_letter(here, before, after)))
        opened = [case.cause for case in change.cases if await self._open_case(here, case)]
        if before == after and not (noted or opened or change.entries):
            return
        await refund_rows.save(here.db, before, after, here.now)
        here.all[here.refund_id] = after
        turns = for_signers(after.refund, before.approval, after.approval, after.approval_moves)
        await news.write(here.db, (*turns, *for_customer(before.refund, after.refund)), here.now)
        opened += await self._follow(here, before.refund, after.refund)
        for case, _ in tuple(here.waiting):
            if moot(case.cause, case.subject, after.refund):
                reason = f"settled itself: the refund is {after.refund.stage}"
                await self._settle(here, CaseDecision(case.case_id, Choice.CLOSE, WORKFLOW, reason))
        moved = _moved(before.refund, after.refund)
        await self._note(
            here, change.entries, deed, {**moved, **(about or {}), **({"cases": opened} if opened else {})}
        )

    async def _follow(self, here: Ground, before: Refund, after: Refund) -> list[Cause]:
        """The cases of many refunds at once that this one came to, or left. Those which it opened."""
        limit, opened = self._limits.case_decision, list[Cause]()
        for name in sorted({cap for _, cap in over_caps(before) ^ over_caps(after)}):
            new = await caps.follow(here.db, name, here.now, limit)
            opened += [Cause.CAP_REACHED] * new
        for provider, account in sorted({account for _, account in short_legs(before) ^ short_legs(after)}):
            new = await grouped_cases.follow_balance(here.db, provider, account, here.now, limit)
            opened += [Cause.BALANCE_SHORT] * new
        here.happened += [partial(self._measures.case_opened, cause) for cause in opened]
        return opened

    async def _red_letter(self, here: Ground, before: LoadedRefund, after: LoadedRefund) -> tuple[NewCase, ...]:
        """Money that went back of an invoiced order leaves an invoice to be reversed."""
        back = after.refund.paid_back - before.refund.paid_back
        if back.amount_minor <= 0:
            return ()
        limit = self._limits.red_letter
        owed = await invoices.owe_red_letter(here.db, str(here.order.id), here.refund_id, back, here.now, limit)
        return () if owed is None else (owed,)

    async def _note(self, here: Ground, entries: tuple[Any, ...], deed: Deed, about: Mapping[str, Any]) -> None:
        """The books: ledger entries and one entry of the order's audit log."""
        order_id, sheet = str(here.order.id), Sheet()
        book(sheet, entries, here.now)
        entry = audit.next_entry(order_id, here.audit_head, deed, {"refund": here.refund_id, **about}, here.now)
        sheet.audit.append(entry)
        await sheet.write(here.db, order_id, here.now, deed.event_ids)
        here.audit_head = audit.Head(entry["seq"], entry["hash"])

    async def _open_case(self, here: Ground, case: NewCase, attempts: int = 0, last_error: str | None = None) -> bool:
        opened = await cases.open_case(
            here.db,
            str(here.order.id),
            case,
            now=here.now,
            limit=time_for(case.cause, self._limits.case_decision),
            attempts=attempts,
            last_error=last_error,
            refund_id=here.refund_id,
        )
        if opened:
            here.happened.append(lambda: self._measures.case_opened(case.cause))
            here.waiting = await cases.open_cases_of_refund(here.db, here.refund_id)
        return opened

    async def _settle(self, here: Ground, decision: CaseDecision) -> None:
        await cases.settle(here.db, decision, here.now)
        here.waiting = [each for each in here.waiting if each[0].case_id != decision.case_id]

    async def note_refusal(self, told: Told, case: NewCase, step: str, event_ids: tuple[int, ...] = ()) -> RefundView:
        async with self._locked(told) as here:
            subject = f"{told.refund_id} {case.subject}"
            if await self._open_case(here, replace(case, subject=subject)):
                await self._note(
                    here, (), Deed(WORKFLOW, step, event_ids), {"refused": case.detail, "cases": [case.cause]}
                )
            elif event_ids:
                await Sheet().write(here.db, str(told.order_id), here.now, event_ids)
            return self._view(here)

    async def settle_refusals(self, told: Told) -> RefundView:
        reason = "settled itself: the steps after it went through"
        async with self._locked(told) as here:
            for case, _ in tuple(here.waiting):
                if case.cause is Cause.STEP_REFUSED:
                    await self._settle(here, CaseDecision(case.case_id, Choice.CLOSE, WORKFLOW, reason))
            return self._view(here)

    def _view(self, here: Ground) -> RefundView:
        waiting = tuple(case for case, waits in here.waiting if waits)
        if here.refund_id not in here.all:
            view = RefundView(here.refund_id, here.order.id, known=False, limits=self._limits)
            return replace(view, cases=waiting, open_cases=len(here.waiting))
        loaded = here.loaded
        refund = loaded.refund
        return RefundView(
            here.refund_id,
            here.order.id,
            known=True,
            limits=self._limits,
            stage=refund.stage,
            amount=refund.amount,
            together=_together(here),
            version=refund.version,
            applicant=refund.applicant,
            reason=loaded.reason,
            refusal=refund.refusal,
            approval=loaded.approval,
            approval_moves=loaded.approval_moves,
            reminders=loaded.reminders,
            legs=tuple(_legs(here.order, refund)),
            goods=refund.goods,
            back=loaded.back,
            to_come_back=to_come_back(here.order, refund) if refund.goods in AWAITED else (),
            to_stop={each.line_id: each.quantity for each in refund.quote.lines if refund.goods is Goods.TO_STOP},
            ended=refund.ended,
            cases=waiting,
            open_cases=len(here.waiting),
            sale=loaded.sale,
        )


def _moved(before: Refund, after: Refund) -> dict[str, Any]:
    """`{what: [from, to]}` for the audit log."""
    pairs: dict[str, list[Any]] = {
        "decision": [before.decision, after.decision],
        "goods": [before.goods, after.goods],
        "amount": [str(before.amount), str(after.amount)],
        "repayment": [before.repayment, after.repayment],
    }
    for leg in after.legs:
        was = next((each.held or each.state for each in before.legs if each.number == leg.number), None)
        pairs[leg.out_refund_no] = [was, leg.held or leg.state]
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _together(here: Ground) -> Money:
    """What people decide on this order, open and done: a split into several refunds evades nobody's signature."""
    every = (each.refund for each in here.all.values() if each.refund.for_people or each is here.loaded)
    counted = (each.counted.amount for each in every if each.counted is not None)
    return total(counted, here.due.currency)


def _legs(order: Order, refund: Refund) -> list[LegView]:
    by_payment = {capture.key: capture for capture in order.captures}
    return [
        LegView(
            leg, order.id.out_trade_no(by_payment[leg.payment].part, len(order.plan)), by_payment[leg.payment].amount
        )
        for leg in refund.legs
    ]
