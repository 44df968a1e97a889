"""Captured money as rows: written once; only whether it pays its part is decided later."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import Money
from domain.payment import Capture
from domain.reference import OrderId
from persistence.tables import payments


def capture_from(each: dict[str, Any]) -> Capture:
    return Capture(
        each["provider"],
        each["account"],
        each["trade_no"],
        each["part"],
        Money(each["amount_minor"], each["currency"]),
        datetime.fromisoformat(each["paid_at"]),
        each["matched"],
    )


async def early(db: AsyncConnection, order_id: OrderId) -> tuple[Capture, ...]:
    """Money that came before its order, in the order it was recorded."""
    query = text(
        "select coalesce(json_agg(x order by x.seq), '[]') from (select * from payments where order_id = :id) x"
    )
    return tuple(capture_from(each) for each in (await db.execute(query, {"id": str(order_id)})).scalar_one())


def new_rows(
    before: tuple[Capture, ...], after: tuple[Capture, ...], *, source: str, now: datetime
) -> list[dict[str, Any]]:
    known = {each.key for each in before}
    return [
        {
            "provider": each.provider,
            "account": each.account,
            "trade_no": each.trade_no,
            "part": each.part,
            "amount_minor": each.amount.amount_minor,
            "currency": each.amount.currency,
            "paid_at": each.paid_at,
            "matched": each.matched,
            "source": source,
            "recorded_at": now,
        }
        for each in after
        if each.key not in known
    ]


async def match_early(db: AsyncConnection, before: tuple[Capture, ...], after: tuple[Capture, ...]) -> None:
    """Money that came before its order, and now pays its part."""
    known = {each.key for each in before}
    for each in after:
        if each.key in known and each not in before:
            row = {"provider": each.provider, "account": each.account, "trade_no": each.trade_no}
            matched = {**row, "matched": each.matched}
            await db.execute(_MATCH, {f"the_{name}": value for name, value in matched.items()})


_MATCH = (
    update(payments)
    .where(
        payments.c.provider == bindparam("the_provider"),
        payments.c.account == bindparam("the_account"),
        payments.c.trade_no == bindparam("the_trade_no"),
    )
    .values(matched=bindparam("the_matched"))
)
