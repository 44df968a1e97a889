"""What the warehouse tells: of parcels here, of goods that came back in return_events.py. docs/sop.md, section 3."""

from dataclasses import replace

from api.acceptance import Acceptance
from api.return_events import take_return_event
from domain.case import Cause, NewCase
from domain.errors import InvalidReference
from domain.reference import OrderId
from domain.shipment import Parcel, ParcelContent
from persistence import queries
from persistence.engine import reading
from persistence.evidence import Arrival, Verdict
from ports.errors import MessageRefused
from ports.messages import RawMessage
from ports.records import ParcelReported
from ports.warehouse import ParcelEvent, ParcelEventKind, ReturnEvent
from workflows.order import OrderWorkflow

SOURCE = "warehouse"


async def take_parcel_event(acceptance: Acceptance, message: RawMessage) -> None:
    """Returns once durably accepted. Raises MessageRefused, after the evidence is kept."""
    try:
        event = acceptance.house.warehouse.read_event(message)
    except MessageRefused as refused:
        claimed = refused.claimed_id or message.headers.get("webhook-id", "")
        await acceptance.refuse(Arrival(SOURCE, claimed, "parcel", message.body, Verdict.REFUSED, refused.reason))
        raise
    if isinstance(event, ReturnEvent):
        await take_return_event(acceptance, SOURCE, event, message)
        return
    arrival = Arrival(SOURCE, event.event_id, event.kind, message.body, Verdict.ACCEPTED)
    order_id = await _order_of(acceptance, event)
    if order_id is None:
        detail = f"parcel {event.parcel_no} names {event.reference}, which is no order of ours"
        held = replace(arrival, verdict=Verdict.QUARANTINED, reason=Cause.UNEXPECTED_PARCEL)
        await acceptance.quarantine(held, NewCase(Cause.UNEXPECTED_PARCEL, event.parcel_no, detail))
        return
    arrival = replace(arrival, order_id=str(order_id))
    delivered = event.kind is ParcelEventKind.DELIVERED
    async with acceptance.house.engine.begin() as db:
        if await queries.parcel_is_recorded(db, order_id, event.parcel_no, delivered=delivered):
            await acceptance.keep(db, replace(arrival, verdict=Verdict.REPEAT))
            return
        event_id = await acceptance.keep(db, arrival)
    fact = ParcelReported(order_id, _parcel(event, delivered=delivered), (event_id,))
    await acceptance.tell(order_id, OrderWorkflow.parcel_reported, fact)


async def _order_of(acceptance: Acceptance, event: ParcelEvent) -> OrderId | None:
    try:
        order_id = OrderId.from_warehouse_reference(event.reference)
    except InvalidReference:
        return None
    async with reading(acceptance.house.engine) as db:
        return order_id if await queries.order_is_recorded(db, order_id) else None


def _parcel(event: ParcelEvent, *, delivered: bool) -> Parcel:
    return Parcel(
        event.parcel_no,
        event.carrier,
        event.waybill_no,
        tuple(ParcelContent(each.line_id, each.quantity) for each in event.lines),
        shipped_at=None if delivered else event.occurred_at,
        delivered_at=event.occurred_at if delivered else None,
    )
