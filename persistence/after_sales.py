"""Marketplaces' after-sales as rows: one to a refund, always as the platform told it last."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.after_sale import AfterSale
from domain.refund import Refund
from persistence.refund_tables import after_sales

_SALE = TypeAdapter(AfterSale)
_AS_IT_IS = ("number", "revision", "state", "deadline", "extensions_left", "decided_by", "done_at", "reference")


def from_row(row: Mapping[str, Any]) -> AfterSale:
    amount = {"amount_minor": row["amount_minor"], "currency": row["currency"]}
    return _SALE.validate_python({name: row[name] for name in _AS_IT_IS} | {"amount": amount})


async def save(db: AsyncConnection, refund: Refund, sale: AfterSale, now: datetime) -> None:
    told = asdict(sale)
    row = {name: told[name] for name in _AS_IT_IS} | {
        "amount_minor": sale.amount.amount_minor,
        "currency": sale.amount.currency,
        "told_at": now,
    }
    new = insert(after_sales).on_conflict_do_update(index_elements=["refund_id"], set_=row)
    order = refund.order_id
    await db.execute(new, {"refund_id": refund.refund_id, "channel": order.channel, "shop_id": order.shop_id, **row})


async def find(db: AsyncConnection, refund_id: str) -> AfterSale | None:
    query = select(after_sales).where(after_sales.c.refund_id == refund_id)
    row = (await db.execute(query)).mappings().one_or_none()
    return None if row is None else from_row(dict(row))
