"""What an order owes its buyer: whether it is on its way back, and whether it is back."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Cause
from domain.order import Order
from domain.people import BY_ITSELF
from ports.records import DueBack, WaitingCase

# What a refund of our own took on stays counted, however it ended: what a person refused or gave up is not tried again.
_NEXT = text(
    """
    select m.refund_due_minor - coalesce(sum(r.amount_minor - r.back) filter (where r.by_itself or not r.ended), 0)
        as due,
      count(*) filter (where r.by_itself) as known,
      count(*) filter (where r.goods = 'to_stop' and not r.ended) as undecided
    from order_money m left join (
      select r.amount_minor, r.goods, r.applicant = :by_itself as by_itself, r.ended_at is not null as ended,
        (select coalesce(sum(l.amount_minor), 0) from refund_legs l
         where l.refund_id = r.id and l.state = 'done') as back
      from refunds r where r.order_id = :order_id and (r.basis = 'due' or r.goods = 'to_stop')
    ) r on true
    where m.order_id = :order_id group by m.refund_due_minor
    """
)
_STANDING = text(
    """
    select (select refund_due_minor from order_money where order_id = :order_id) as due,
      (select count(*) from refunds where order_id = :order_id and ended_at is null) as open,
      (select coalesce(json_object_agg(x.reference, x.back), '{}') from (
        select l.provider || '/' || l.account || '/' || l.trade_no as reference, sum(l.amount_minor) as back
        from refund_legs l join refunds r on r.id = l.refund_id
        where r.order_id = :order_id and l.state = 'done' group by 1) x) as back
    """
)


@dataclass(frozen=True)
class Standing:
    """`due_minor`: what is still to go back. `open`: refunds that run. `back`: {trade: minor units that went back}."""

    due_minor: int
    open: int
    back: dict[str, int]

    def settles(self, case: WaitingCase, subject: str, order: Order) -> bool:
        """Whether the money that a case was about is back."""
        if case.cause is Cause.REFUND_DUE:
            return not self.due_minor
        if case.cause not in (Cause.SURPLUS_PAYMENT, Cause.PAID_AFTER_CLOSE, Cause.AMOUNT_MISMATCH):
            return False
        brought = {"/".join(each.key): each.amount.amount_minor for each in order.captures}
        return self.back.get(subject, 0) >= brought.get(subject, 1)


async def next_due(db: AsyncConnection, order_id: str) -> DueBack | None:
    """None when nothing is due that is not on its way; nor while goods are being stopped for a refund of their own."""
    row = (await db.execute(_NEXT, {"order_id": order_id, "by_itself": BY_ITSELF})).one_or_none()
    if row is None or row.due <= 0 or row.undecided:
        return None
    return DueBack(row.known + 1)


async def standing(db: AsyncConnection, order_id: str) -> Standing:
    row = (await db.execute(_STANDING, {"order_id": order_id})).one()
    return Standing(row.due or 0, row.open, row.back)
