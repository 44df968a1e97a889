"""The record of refunds whose money a marketplace moves: part of the record of refunds, each method one transition."""

from dataclasses import replace

from domain import after_sale, platform_refund
from domain import refund as refunds
from domain.after_sale import AfterSale
from domain.approval import overtaken
from domain.refund import Decision
from domain.repayment import RefundChange
from persistence import refusals
from persistence.audit import Deed
from persistence.refund_transition import RefundTransitions
from persistence.sheet import Sheet
from ports.refunds import DecidedAtDeadline, PlatformTold, RefundView


class PostgresPlatformRefunds(RefundTransitions):
    @refusals.fact
    async def hear_platform(self, fact: PlatformTold) -> RefundView:
        async with self._locked(fact) as here:
            before = here.loaded
            told = None if before.sale is None else after_sale.newer(before.sale, fact.sale)
            if told is not None:
                change = platform_refund.heard(before.refund, told, here.order, here.others, here.now)
                after = replace(before, refund=change.refund, sale=told)
                if before.refund.decision is not change.refund.decision:
                    by = f"{fact.order_id.channel}/{told.decided_by or told.state}"
                    after = replace(after, approval=overtaken(before.approval), policy=by)
                deed = Deed(fact.order_id.channel, "hear_platform", fact.event_ids)
                await self._save(here, after, change, deed, _about(told))
            await Sheet().write(here.db, str(fact.order_id), here.now, fact.event_ids)
            return self._view(here)

    @refusals.step
    async def decide_at_deadline(self, fact: DecidedAtDeadline) -> RefundView:
        async with self._locked(fact) as here:
            before = here.loaded
            if before.refund.decision is Decision.PENDING:
                decision = Decision.APPROVED if fact.is_agreed else Decision.REFUSED
                refund = refunds.decided(before.refund, decision)
                after = replace(before, refund=refund, approval=overtaken(before.approval), policy=fact.policy)
                deed = Deed(f"policy {fact.policy}", "decide_at_deadline")
                await self._save(here, after, RefundChange(refund), deed, {"why": fact.why})
            return self._view(here)


def _about(sale: AfterSale) -> dict[str, object]:
    """For the audit log: `decided_by` clock reads as agreed by the platform's clock."""
    words = {"after_sale_no": sale.number, "platform_says": sale.state, "revision": sale.revision}
    words |= {"decided_by": sale.decided_by} if sale.decided_by else {}
    return words | ({"deadline": sale.deadline.isoformat()} if sale.deadline else {})
