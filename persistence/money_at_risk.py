"""Everything open in the record that people must see: stages of refunds, and cases."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.limits import Limits
from domain.money import Money
from domain.money_at_risk import OpenThing, RefundAtHand, by_risk, open_things
from persistence import refund_rows

_WITH_PEOPLE = text("select distinct refund_id from cases where settled_at is null and refund_id is not null")
_CASES = text(
    """
    select c.id, c.order_id, c.refund_id, c.next_action, c.owner, c.due_at, c.opened_at, c.cause, r.applicant,
      coalesce(r.currency, o.currency) as currency, coalesce(r.amount_minor, o.amount_minor) as amount_minor
    from cases c left join refunds r on r.id = c.refund_id left join orders o on o.id = c.order_id
    where c.settled_at is null
    """
)


async def money_at_risk(db: AsyncConnection, now: datetime, limits: Limits) -> list[OpenThing]:
    """All that is open and about money, what is most urgent first."""
    return by_risk((each for each in await everything(db, limits) if each.amount is not None), now)


async def orphans(db: AsyncConnection, limits: Limits) -> list[OpenThing]:
    """What is open without next action, owner or due time: there must be none, ever."""
    return [each for each in await everything(db, limits) if each.lacks]


async def everything(db: AsyncConnection, limits: Limits, refunds_by: datetime | None = None) -> list[OpenThing]:
    """`refunds_by`: without the refunds that were asked for later."""
    with_people = set((await db.execute(_WITH_PEOPLE)).scalars())
    found = [
        thing
        for each in await refund_rows.load_open(db, refunds_by)
        for thing in open_things(
            RefundAtHand(
                each.loaded.refund,
                each.loaded.approval,
                each.loaded.back,
                each.updated_at,
                each.legs_planned_at,
                each.loaded.refund.refund_id in with_people,
                each.requested_at,
            ),
            limits,
        )
    ]
    for row in await db.execute(_CASES):
        amount = None if row.amount_minor is None else Money(row.amount_minor, row.currency)
        what = (row.order_id, row.refund_id, row.next_action, row.owner, row.due_at, amount)
        found.append(OpenThing("case", row.id, *what, row.opened_at, row.applicant or "", row.cause))
    return found
