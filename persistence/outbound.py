"""Outbound orders as rows: written once the warehouse has them; only that one was stopped is noted later."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.outbound import Outbound
from ports.records import PushRecorded

# Paid is recorded with the last part's money, or with the order whose money came first.
_WRITE = text(
    """
    insert into outbound_orders
      (order_id, number, reference, transaction_id, contents, outbound_no, outside_shipment_no, pushed_at)
    values
      (:order_id, :number, :reference, :transaction_id, cast(:contents as jsonb), :outbound_no, :outside_shipment_no,
       :pushed_at)
    returning
      (select greatest(max(p.recorded_at), max(o.recorded_at)) from payments p join orders o on o.id = p.order_id
       where p.order_id = outbound_orders.order_id and p.matched) as paid_at,
      exists (select from cases c where c.order_id = outbound_orders.order_id) as attended
    """
)
_STOP = text("update outbound_orders set stopped = true where order_id = :order_id and number = :number")


async def write(db: AsyncConnection, fact: PushRecorded, outbound: Outbound, now: datetime) -> Row[Any]:
    """Since when the order was recorded as paid, and whether a case was opened for it."""
    row = {
        "order_id": str(fact.order_id),
        "number": outbound.number,
        "reference": fact.order_id.warehouse_reference(outbound.number),
        "transaction_id": fact.transaction_id,
        "contents": json.dumps(dict(outbound.contents)),
        "outbound_no": fact.outbound_no,
        "outside_shipment_no": fact.outside_shipment_no,
        "pushed_at": now,
    }
    return (await db.execute(_WRITE, row)).one()


async def stop(db: AsyncConnection, order_id: str, outbound: Outbound) -> None:
    await db.execute(_STOP, {"order_id": order_id, "number": outbound.number})
