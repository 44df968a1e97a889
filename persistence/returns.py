"""The record of goods that come back: part of the record of refunds, each method one transition."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import returns
from domain.case import CaseDecision, Cause, Choice
from domain.errors import RefundImpossible
from domain.repayment import RefundChange
from domain.returns import Return, Returned
from persistence import refund_tables, refusals, stock
from persistence.audit import Deed
from persistence.refund_rows import RETURN, LoadedRefund
from persistence.refund_transition import WORKFLOW, Ground, RefundTransitions
from ports.refunds import RefundStep, RefundView
from ports.returns import GoodsSent, ReturnAssessed, ReturnReceived


class PostgresReturns(RefundTransitions):
    @refusals.step
    async def expect_return(self, step: RefundStep) -> RefundView:
        async with self._locked(step) as here:
            if here.loaded.back is None:
                back = returns.expected(here.loaded.reason, here.now, self._limits.return_window)
                about = {"send_by": back.send_by.isoformat(), "freight_by": back.freight_by}
                await self._come(here, Returned(here.loaded.refund, back), Deed(WORKFLOW, "expect_return"), about)
            return self._view(here)

    @refusals.fact
    async def note_sent(self, fact: GoodsSent) -> RefundView:
        async with self._locked(fact) as here:
            back = _awaited(here.loaded)
            if not back.waybill_no:
                back = replace(back, freight_by=fact.freight_by or back.freight_by)
                came = returns.sent(here.loaded.refund, back, fact.carrier, fact.waybill_no, here.now)
                about = {"waybill": fact.waybill_no, "freight_by": back.freight_by}
                await self._come(here, came, Deed(fact.by, "note_sent"), about)
            return self._view(here)

    @refusals.fact
    async def receive_return(self, fact: ReturnReceived) -> RefundView:
        """Good goods are stock again in the transaction that writes what came."""
        async with self._locked(fact) as here:
            back = _awaited(here.loaded)
            if back.received_at is None:
                came = returns.received(here.order, here.loaded.refund, back, fact.goods, here.now)
                await stock.put_back(here.db, came.restocked)
                lines = [f"{each.line_id}: {each.good}/{each.damaged}/{each.missing}" for each in came.back.lines]
                about = {"good/damaged/missing": lines, "restocked": dict(came.back.restocked)}
                await self._come(here, came, Deed("warehouse", "receive_return", fact.event_ids), about)
            return self._view(here)

    @refusals.fact
    async def assess_return(self, fact: ReturnAssessed) -> RefundView:
        """Settles the case of the damage, in the same transaction."""
        async with self._locked(fact) as here:
            waiting = [case for case, _ in here.waiting if case.cause is Cause.RETURN_DAMAGED]
            if waiting:
                came = returns.assessed(
                    here.loaded.refund, _awaited(here.loaded), fact.deductions, fact.by, fact.reason
                )
                for case in waiting:
                    await self._settle(here, CaseDecision(case.case_id, Choice.CLOSE, fact.by, fact.reason))
                off = {line_id: str(amount) for line_id, amount in fact.deductions.items()}
                await self._come(here, came, Deed(fact.by, "assess_return"), {"off": off, "reason": fact.reason})
            return self._view(here)

    @refusals.step
    async def close_return(self, step: RefundStep) -> RefundView:
        """The buyer's window has passed, unless he was faster."""
        async with self._locked(step) as here:
            back = _awaited(here.loaded)
            if back.sent_at is None and back.received_at is None:
                await self._come(here, returns.not_sent(here.loaded.refund, back), Deed(WORKFLOW, "close_return"), {})
            return self._view(here)

    async def _come(self, here: Ground, came: Returned, deed: Deed, about: Mapping[str, object]) -> None:
        after = replace(here.loaded, refund=came.refund, back=came.back)
        await _save(here.db, came.refund.refund_id, came.back)
        change = RefundChange(came.refund, cases=came.cases)
        await self._save(here, after, change, deed, about, noted=True)


def _awaited(loaded: LoadedRefund) -> Return:
    if loaded.back is None:
        raise RefundImpossible("no goods are to come back for this refund")
    return loaded.back


async def _save(db: AsyncConnection, refund_id: str, back: Return) -> None:
    row = RETURN.dump_python(back, mode="json") | {
        "send_by": back.send_by,
        "sent_at": back.sent_at,
        "received_at": back.received_at,
    }
    new = insert(refund_tables.returns).on_conflict_do_update(index_elements=["refund_id"], set_=row)
    await db.execute(new, {"refund_id": refund_id, **row})
