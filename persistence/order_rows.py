"""An order between its rows and the domain: loaded under a lock, written as the difference of before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.axis import AfterSale, Fulfilment, Payment
from domain.line import Line
from domain.money import Money
from domain.order import Cancellation, HoldReason, Kind, Order
from domain.outbound import Outbound
from domain.payment import PlanPart
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from domain.stock import Demand
from persistence import outbound, payments
from persistence.payments import capture_from
from persistence.tables import demands, order_lines, orders, payment_plan, shipments
from ports.records import OrderPlaced


@dataclass(frozen=True)
class Loaded:
    """The order, and what of its shop the next step needs."""

    order: Order
    provider: str
    account: str
    reserve_on_order: bool


# The lock is a statement of its own: the second one then sees what the previous holder of the lock wrote.
_LOCK = text("select 1 from orders where id = :id for update")
_LOAD = text(
    """
    select o.*, s.provider, s.account, s.reserve_on_order,
      (select coalesce(json_agg(x order by x.position), '[]') from order_lines x where x.order_id = o.id) as lines,
      (select coalesce(json_agg(x order by x.line_id), '[]') from demands x where x.order_id = o.id) as demands,
      (select coalesce(json_agg(x order by x.part), '[]') from payment_plan x where x.order_id = o.id) as plan,
      (select coalesce(json_agg(x order by x.seq), '[]') from payments x where x.order_id = o.id) as captures,
      (select coalesce(json_agg(x order by x.parcel_no), '[]') from shipments x where x.order_id = o.id) as parcels,
      (select coalesce(json_object_agg(x.line_id, x.quantity), '{}') from reservations x
       where x.order_id = o.id and x.quantity > 0 and not x.released) as reserved,
      (select coalesce(json_agg(x order by x.number), '[]') from outbound_orders x where x.order_id = o.id) as outbound
    from orders o join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id
    where o.id = :id
    """
)


async def load(db: AsyncConnection, order_id: OrderId, *, lock: bool = True) -> Loaded | None:
    if lock:
        await db.execute(_LOCK, {"id": str(order_id)})
    row = (await db.execute(_LOAD, {"id": str(order_id)})).mappings().one_or_none()
    return None if row is None else _from_row(order_id, row)


def _from_row(order_id: OrderId, row: RowMapping) -> Loaded:
    currency = row["currency"]
    order = Order(
        id=order_id,
        kind=Kind(row["kind"]),
        lines=tuple(_line(each, currency) for each in row["lines"]),
        shipping=Money(row["shipping_minor"], currency),
        plan=tuple(
            PlanPart(each["part"], Money(each["amount_minor"], currency), datetime.fromisoformat(each["pay_until"]))
            for each in row["plan"]
        ),
        placed_at=row["placed_at"],
        demands=tuple(
            Demand(each["line_id"], each["sku"], each["quantity"], Money(each["cash_minor"], currency), each["dropped"])
            for each in row["demands"]
        ),
        unmatched=tuple(row["unmatched"]),
        address_gaps=tuple(row["address_gaps"]),
        captures=tuple(capture_from(each) for each in row["captures"]),
        reserved=row["reserved"],
        outbound=tuple(Outbound(each["number"], each["contents"], each["stopped"]) for each in row["outbound"]),
        parcels=tuple(_parcel(each) for each in row["parcels"]),
        payment=Payment(row["payment"]),
        fulfilment=Fulfilment(row["fulfilment"]),
        holds=tuple(HoldReason(each) for each in row["holds"]),
        after_sale=AfterSale(row["after_sale"]),
        cancellation=Cancellation(row["cancellation"]),
        split=row["split"],
    )
    return Loaded(order, row["provider"], row["account"], row["reserve_on_order"])


def _line(each: dict[str, Any], currency: str) -> Line:
    return Line(
        each["line_id"],
        each["platform_sku"],
        each["title"],
        each["quantity"],
        Money(each["list_price_minor"], currency),
        Money(each["merchant_discount_minor"], currency),
        Money(each["platform_subsidy_minor"], currency),
        each["gift_of"],
    )


def _parcel(each: dict[str, Any]) -> Parcel:
    return Parcel(
        each["parcel_no"],
        each["carrier"],
        each["waybill_no"],
        tuple(ParcelContent(line_id, quantity) for line_id, quantity in each["contents"].items()),
        datetime.fromisoformat(each["shipped_at"]) if each["shipped_at"] else None,
        datetime.fromisoformat(each["delivered_at"]) if each["delivered_at"] else None,
    )


async def insert_order(db: AsyncConnection, fact: OrderPlaced, order: Order, now: datetime) -> None:
    """The rows that never change after; the axes are written by `write_difference`."""
    await db.execute(
        insert(orders),
        {
            "id": str(order.id),
            "source_channel": order.id.channel,
            "shop_id": order.id.shop_id,
            "order_no": order.id.order_no,
            "kind": order.kind,
            "currency": order.shipping.currency,
            "amount_minor": order.amount.amount_minor,
            "shipping_minor": order.shipping.amount_minor,
            "customer_id": fact.customer_id,
            "customer_note": fact.customer_note,
            "recipient": fact.recipient,
            "phone_tail": fact.phone_tail,
            "placed_at": order.placed_at,
            "recorded_at": now,
            **_axes(order, now),
        },
    )
    await db.execute(insert(order_lines), [_line_row(order, n) for n in range(len(order.lines))])
    plan = [
        {
            "order_id": str(order.id),
            "part": part.part,
            "amount_minor": part.amount.amount_minor,
            "pay_until": part.pay_until,
        }
        for part in order.plan
    ]
    await db.execute(insert(payment_plan), plan)


def _line_row(order: Order, position: int) -> dict[str, Any]:
    line = order.lines[position]
    return {
        "order_id": str(order.id),
        "line_id": line.line_id,
        "position": position,
        "platform_sku": line.platform_sku,
        "title": line.title,
        "quantity": line.quantity,
        "list_price_minor": line.list_price.amount_minor,
        "merchant_discount_minor": line.merchant_discount.amount_minor,
        "platform_subsidy_minor": line.platform_subsidy.amount_minor,
        "cash_minor": line.cash.amount_minor,
        "gift_of": line.gift_of,
    }


def _axes(order: Order, now: datetime) -> dict[str, Any]:
    return {
        "address_gaps": list(order.address_gaps),
        "unmatched": list(order.unmatched),
        "payment": order.payment,
        "fulfilment": order.fulfilment,
        "holds": list(order.holds),
        "after_sale": order.after_sale,
        "cancellation": order.cancellation,
        "split": order.split,
        "stage": order.stage,
        "updated_at": now,
    }


def axes_moved(before: Order, after: Order) -> dict[str, list[Any]]:
    """`{axis: [from, to]}` for the audit log; and likewise which outbound orders stand, and units that were dropped."""
    names = ("payment", "fulfilment", "holds", "after_sale", "cancellation", "address_gaps", "unmatched", "split")
    pairs = {name: [_plain(before, name), _plain(after, name)] for name in names}
    pairs["outbound"] = [[each.number for each in order.outbound if not each.stopped] for order in (before, after)]
    pairs["dropped"] = [
        {each.line_id: each.dropped for each in order.demands if each.dropped} for order in (before, after)
    ]
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(order: Order, name: str) -> Any:
    value = getattr(order, name)
    return list(value) if isinstance(value, tuple) else value


async def write_difference(db: AsyncConnection, before: Order, after: Order, *, source: str, now: datetime) -> None:
    """Whatever the domain changed, and nothing else."""
    order_id = str(after.id)
    if axes_moved(before, after):
        await db.execute(
            update(orders).where(orders.c.id == bindparam("order")), {"order": order_id, **_axes(after, now)}
        )
    await _write_demands(db, order_id, [each for each in after.demands if each not in before.demands])
    for each in after.outbound:
        if each.stopped and each not in before.outbound:
            await outbound.stop(db, order_id, each)
    await payments.write_difference(db, order_id, before.captures, after.captures, source=source, now=now)
    for parcel in after.parcels:
        if parcel not in before.parcels:
            await _write_parcel(db, order_id, parcel)


async def _write_demands(db: AsyncConnection, order_id: str, changed: list[Demand]) -> None:
    """A demand never changes but for its dropped units."""
    if not changed:
        return
    rows = [
        {
            "order_id": order_id,
            "line_id": each.line_id,
            "sku": each.sku,
            "quantity": each.quantity,
            "cash_minor": each.cash.amount_minor,
            "dropped": each.dropped,
        }
        for each in changed
    ]
    statement = upsert(demands)
    known = ["order_id", "line_id"]
    dropped = {"dropped": statement.excluded.dropped}
    await db.execute(statement.on_conflict_do_update(index_elements=known, set_=dropped), rows)


async def _write_parcel(db: AsyncConnection, order_id: str, parcel: Parcel) -> None:
    row = {
        "order_id": order_id,
        "parcel_no": parcel.parcel_no,
        "carrier": parcel.carrier,
        "waybill_no": parcel.waybill_no,
        "contents": {each.line_id: each.quantity for each in parcel.contents},
        "shipped_at": parcel.shipped_at,
        "delivered_at": parcel.delivered_at,
    }
    statement = upsert(shipments).on_conflict_do_update(index_elements=["order_id", "parcel_no"], set_=row)
    await db.execute(statement, row)
