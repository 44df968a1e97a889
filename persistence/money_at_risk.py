"""Everything open in the record that people must see: stages of refunds, and cases."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import USUAL_WEEK
from domain.case import Cause, NewCase
from domain.limits import Limits
from domain.money import Money
from domain.money_at_risk import OpenThing, RefundAtHand, by_risk, open_things
from persistence import people, refund_rows
from persistence.people import Place
from persistence.refund_rows import LoadedRefund, OpenRefund

_OF_REFUNDS = text(
    "select refund_id, cause, subject, detail from cases where settled_at is null and refund_id is not null"
)
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
    found: list[OpenThing] = []
    for _, at_hand in await refunds_at_hand(db, refunds_by):
        found += open_things(at_hand, limits)
    for row in await db.execute(_CASES):
        amount = None if row.amount_minor is None else Money(row.amount_minor, row.currency)
        what = (row.order_id, row.refund_id, row.next_action, row.owner, row.due_at, amount)
        found.append(OpenThing("case", row.id, *what, row.opened_at, row.applicant or "", row.cause))
    return found


async def refunds_at_hand(
    db: AsyncConnection, asked_by: datetime | None = None
) -> list[tuple[LoadedRefund, RefundAtHand]]:
    """Every open refund."""
    with_people: dict[str, tuple[NewCase, ...]] = {}
    for row in await db.execute(_OF_REFUNDS):
        case = NewCase(Cause(row.cause), row.subject, row.detail)
        with_people[row.refund_id] = (*with_people.get(row.refund_id, ()), case)
    places = await people.places(db)
    return [(each.loaded, _at_hand(each, with_people, places)) for each in await refund_rows.load_open(db, asked_by)]


def _at_hand(each: OpenRefund, cases: Mapping[str, tuple[NewCase, ...]], places: Mapping[str, Place]) -> RefundAtHand:
    loaded, refund = each.loaded, each.loaded.refund
    place = places.get(f"{refund.order_id.channel}/{refund.order_id.shop_id}")
    return RefundAtHand(
        refund,
        loaded.approval,
        loaded.back,
        each.updated_at,
        each.legs_planned_at,
        cases.get(refund.refund_id, ()),
        each.requested_at,
        loaded.sale.deadline if loaded.sale else None,
        place.calendar if place else USUAL_WEEK,
    )
