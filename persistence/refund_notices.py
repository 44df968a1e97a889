"""What the record knows of a refund number that a provider tells of."""

from dataclasses import dataclass

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Cause
from domain.reference import OrderId
from domain.refund_leg import Told, answered_before, taken_back
from persistence.refund_rows import leg_from
from persistence.refund_tables import refund_legs, refunds
from persistence.tables import cases


@dataclass(frozen=True)
class KnownLeg:
    """`is_recorded`: what was told now is in the record already, with all that follows from it."""

    refund_id: str
    order_id: OrderId
    number: int
    payment: tuple[str, str, str]
    is_recorded: bool


_FIND = (
    select(refund_legs, refunds.c.order_id)
    .join(refunds, refunds.c.id == refund_legs.c.refund_id)
    .where(refund_legs.c.out_refund_no == bindparam("number"))
)
_REVERSAL = select(exists().where(cases.c.cause == Cause.REFUND_REVERSED.value, cases.c.subject == bindparam("number")))


async def find_leg(db: AsyncConnection, out_refund_no: str, told: Told) -> KnownLeg | None:
    row = (await db.execute(_FIND, {"number": out_refund_no})).mappings().first()
    if row is None:
        return None
    leg = leg_from(dict(row))
    recorded = answered_before(leg, told)
    if taken_back(leg, told):
        recorded = await reversal_is_known(db, out_refund_no)
    return KnownLeg(row["refund_id"], OrderId.parse(row["order_id"]), leg.number, leg.payment, recorded)


async def reversal_is_known(db: AsyncConnection, out_refund_no: str) -> bool:
    """Once there was a case of it, whether open or settled, the same word is old news."""
    return bool((await db.execute(_REVERSAL, {"number": out_refund_no})).scalar_one())
