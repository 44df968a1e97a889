"""What the staff may know of one order."""

from typing import Any
from urllib.parse import quote

from api.errors import Problem
from api.progress import Tracking, tracking
from api.tracking_links import signed_link
from domain.errors import InvalidReference
from domain.line import Line
from domain.money import Money
from domain.reference import OrderId
from persistence import progress
from persistence.engine import reading
from runtime.config import Settings
from runtime.wiring import House
from workflows import identity


async def order_id(channel: str, shop_id: str, order_no: str) -> OrderId:
    """Problem 404 for what can't be an order at all."""
    try:
        return OrderId(channel, shop_id, order_no)
    except InvalidReference:
        raise _unknown(f"{channel}/{shop_id}/{order_no}") from None


def _unknown(what: str) -> Problem:
    return Problem(404, "unknown-order", f"the record has no order {what}")


async def status(house: House, order_id: OrderId) -> dict[str, Any]:
    async with reading(house.engine) as db:
        named = await progress.find(db, order_id.order_no, order_id.shop_id)
        found = next((each for each in named if each.order_id == order_id), None)
        if found is None:
            raise _unknown(str(order_id))
        rows = await progress.staff_rows(db, order_id)
    return _said(await tracking(house, found), house.settings) | rows


async def timeline(house: House, order_id: OrderId) -> dict[str, Any]:
    async with reading(house.engine) as db:
        entries = await progress.timeline(db, order_id)
    if not entries:
        raise _unknown(str(order_id))
    return {"order": str(order_id), "entries": entries}


def _said(found: Tracking, settings: Settings) -> dict[str, Any]:
    order, standing = found.order, found.standing
    return {
        "order": str(order.id),
        "kind": order.kind,
        "stage": standing.stage,
        "source": standing.source,
        "as_of": standing.as_of,
        "updated_at": found.recorded.updated_at,
        "overdue": bool(found.expectation and found.expectation.overdue),
        "axes": {
            "payment": standing.payment,
            "fulfilment": standing.fulfilment,
            "hold": "held" if standing.holds else "clear",
            "after_sale": order.after_sale,
        },
        "cancellation": standing.cancellation,
        "backordered": order.backordered,
        "holds": list(standing.holds),
        "unmatched_lines": list(order.unmatched),
        "address_gaps": list(order.address_gaps),
        "placed_at": order.placed_at,
        "amount": _money(order.amount),
        "shipping": _money(order.shipping),
        "refund_due": _money(found.recorded.refund_due),
        "lines": [_line(each) for each in order.lines],
        "plan": [
            {"part": each.part, "amount": _money(each.amount), "pay_until": each.pay_until} for each in order.plan
        ],
        "parcels": order.parcels,
        "links": _links(order.id, settings),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "platform_sku": line.platform_sku,
        "title": line.title,
        "quantity": line.quantity,
        "cash": _money(line.cash),
        "gift_of": line.gift_of,
    }


def _links(order_id: OrderId, settings: Settings) -> dict[str, str]:
    links = {"track": signed_link(settings, order_id), "timeline": f"{settings.public_url}/orders/{order_id}/timeline"}
    if settings.temporal_ui_url:
        workflow = quote(identity.order_workflow_id(order_id), safe="")
        base = settings.temporal_ui_url.rstrip("/")
        links["workflow"] = f"{base}/namespaces/{settings.temporal_namespace}/workflows/{workflow}"
    return links


def _money(amount: Money) -> dict[str, Any]:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}
