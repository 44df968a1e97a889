"""An order between its rows and the domain: loaded under a lock, written as the difference of before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.axis import AfterSale, Fulfilment, Payment
from domain.case import Cause
from domain.line import Line
from domain.money import Money
from domain.order import Cancellation, HoldReason, Kind, Order
from domain.outbound import Outbound, StopWish
from domain.payment import PlanPart
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from domain.stock import Demand
from persistence import payments
from persistence.audit import NOTHING_YET, Head
from persistence.payments import capture_from
from persistence.sheet import Sheet
from ports.records import WaitingCase


@dataclass(frozen=True)
class Loaded:
    """The order, and what of its shop, its cases and its audit log the next step needs."""

    order: Order
    provider: str
    account: str
    reserve_on_order: bool
    open_cases: tuple[tuple[WaitingCase, bool], ...] = ()  # and whether the workflow stands still for it
    audit_head: Head = NOTHING_YET


# The lock is a statement of its own: the second one then sees what the previous holder of the lock wrote.
_LOCK = text("select 1 from orders where id = :id for update")
# One document instead of fifty columns, each of which would be described anew for each answer.
_LOAD = text(
    """
    select to_json(found) from (
      select o.*, s.provider, s.account, s.reserve_on_order, h.seq as audit_seq, h.hash as audit_hash,
        (select coalesce(json_agg(x order by x.position), '[]') from order_lines x where x.order_id = o.id) as lines,
        (select coalesce(json_agg(x order by x.line_id), '[]') from demands x where x.order_id = o.id) as demands,
        (select coalesce(json_agg(x order by x.part), '[]') from payment_plan x where x.order_id = o.id) as plan,
        (select coalesce(json_agg(x order by x.seq), '[]') from payments x where x.order_id = o.id) as captures,
        (select coalesce(json_agg(x order by x.parcel_no), '[]') from shipments x where x.order_id = o.id) as parcels,
        (select coalesce(json_object_agg(x.line_id, x.quantity), '{}') from reservations x
         where x.order_id = o.id and x.quantity > 0 and not x.released) as reserved,
        (select coalesce(json_agg(x order by x.number), '[]') from outbound_orders x where x.order_id = o.id)
          as outbound,
        (select coalesce(json_agg(x order by x.opened_at, x.id), '[]') from cases x
         where x.order_id = o.id and x.refund_id is null and x.settled_at is null) as open_cases,
        (select coalesce(json_agg(x order by x.asked_at, x.refund_id), '[]') from goods_stops x
         where x.order_id = o.id and x.answered_at is null) as stops
      from orders o
      join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id
      left join audit_heads h on h.order_id = o.id
      where o.id = :id
    ) as found
    """
)


async def load(db: AsyncConnection, order_id: OrderId, *, lock: bool = True) -> Loaded | None:
    if lock:
        await db.execute(_LOCK, {"id": str(order_id)})
    row = (await db.execute(_LOAD, {"id": str(order_id)})).scalar_one_or_none()
    return None if row is None else _from_row(order_id, row)


def _from_row(order_id: OrderId, row: Mapping[str, Any]) -> Loaded:
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
        placed_at=datetime.fromisoformat(row["placed_at"]),
        demands=tuple(
            Demand(each["line_id"], each["sku"], each["quantity"], Money(each["cash_minor"], currency), each["dropped"])
            for each in row["demands"]
        ),
        unmatched=tuple(row["unmatched"]),
        address_gaps=tuple(row["address_gaps"]),
        captures=tuple(capture_from(each) for each in row["captures"]),
        reserved=row["reserved"],
        outbound=tuple(
            Outbound(each["number"], each["contents"], each["stopped"], each["outside_shipment_no"] is not None)
            for each in row["outbound"]
        ),
        parcels=tuple(_parcel(each) for each in row["parcels"]),
        payment=Payment(row["payment"]),
        fulfilment=Fulfilment(row["fulfilment"]),
        holds=tuple(HoldReason(each) for each in row["holds"]),
        after_sale=AfterSale(row["after_sale"]),
        cancellation=Cancellation(row["cancellation"]),
        split=row["split"],
        stops=tuple(StopWish(each["refund_id"], each["units"]) for each in row["stops"]),
    )
    return loaded(order, row)


def loaded(order: Order, row: Mapping[str, Any]) -> Loaded:
    """The order with its shop, its open cases and the end of its audit log."""
    return Loaded(
        order,
        row["provider"],
        row["account"],
        row["reserve_on_order"],
        open_cases=tuple(
            (WaitingCase(each["id"], Cause(each["cause"]), each["subject"]), each["waits"])
            for each in row["open_cases"]
        ),
        audit_head=Head(row["audit_seq"], row["audit_hash"]) if row["audit_seq"] else NOTHING_YET,
    )


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


def axes(order: Order, now: datetime) -> dict[str, Any]:
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
    pairs["dropped"] = [order.dropped for order in (before, after)]
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(order: Order, name: str) -> Any:
    value = getattr(order, name)
    return list(value) if isinstance(value, tuple) else value


def difference(before: Order, after: Order, *, source: str, now: datetime) -> Sheet:
    """Whatever the domain changed, and nothing else; of payments and outbound orders the new ones."""
    changed = [each for each in after.demands if each not in before.demands]
    return Sheet(
        axes=[axes(after, now)] if axes_moved(before, after) else [],
        demands=[_demand_row(each) for each in changed],
        payments=payments.new_rows(before.captures, after.captures, source=source, now=now),
        shipments=[_parcel_row(parcel) for parcel in after.parcels if parcel not in before.parcels],
    )


def _demand_row(demand: Demand) -> dict[str, Any]:
    """A demand never changes but for its dropped units."""
    return {
        "line_id": demand.line_id,
        "sku": demand.sku,
        "quantity": demand.quantity,
        "cash_minor": demand.cash.amount_minor,
        "dropped": demand.dropped,
    }


def _parcel_row(parcel: Parcel) -> dict[str, Any]:
    return {
        "parcel_no": parcel.parcel_no,
        "carrier": parcel.carrier,
        "waybill_no": parcel.waybill_no,
        "contents": {each.line_id: each.quantity for each in parcel.contents},
        "shipped_at": parcel.shipped_at,
        "delivered_at": parcel.delivered_at,
    }
