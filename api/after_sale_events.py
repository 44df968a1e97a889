"""What a marketplace tells of its after-sales: docs/sop.md, section 9. Each message may be its refund's first."""

from dataclasses import replace

from api.acceptance import Acceptance
from api.errors import Problem
from domain.case import Cause, NewCase
from domain.refund import Asking
from domain.refund_money import RefundRequest
from persistence import after_sales, evidence, queries
from persistence.engine import Connection
from persistence.evidence import Arrival, Verdict
from ports.after_sales import AfterSaleEvent, AfterSales
from ports.errors import MessageRefused
from ports.messages import RawMessage
from ports.refunds import PlatformTold, RefundAsked
from runtime.refund_desk import RefundDesk
from runtime.updates import TemporalAway
from workflows import identity

BUYER = "buyer"  # who asked there: never somebody who signs here


async def take_after_sale_event(acceptance: Acceptance, source: str, platform: AfterSales, message: RawMessage) -> None:
    """Returns once durably accepted. Raises MessageRefused, after the evidence is kept; Problem 503: send it again."""
    try:
        event = platform.read_event(message)
    except MessageRefused as refused:
        claimed = refused.claimed_id or message.headers.get("webhook-id", "")
        await acceptance.refuse(Arrival(source, claimed, "after_sale", message.body, Verdict.REFUSED, refused.reason))
        raise
    fact = {"order": str(event.order_id), **{name: str(value) for name, value in vars(event.sale).items()}}
    kind = f"after_sale.{event.sale.state}"
    arrival = Arrival(source, event.event_id, kind, message.body, Verdict.ACCEPTED, fact=fact)
    refund_id = identity.platform_refund_id(event.order_id, event.sale.number)
    async with acceptance.house.engine.begin() as db:
        customer_id = await queries.customer_of(db, event.order_id)
        known = await after_sales.find(db, refund_id)
        strange = await evidence.contradicted(db, arrival) or (
            known is not None and known.revision == event.sale.revision and known != event.sale
        )
        if customer_id is not None and not strange:
            arrival = replace(arrival, order_id=str(event.order_id))
            if known is not None and known.revision >= event.sale.revision:
                await acceptance.keep(db, replace(arrival, verdict=Verdict.REPEAT))
                return
            asked = await _asked(acceptance, db, event, customer_id, await acceptance.keep(db, arrival))
    if customer_id is None:
        detail = f"after-sale {event.sale.number} of {event.sale.amount} names {event.order_id}, which is no order here"
        await _held(acceptance, arrival, NewCase(Cause.AFTER_SALE_CHANGED, f"{source} {event.sale.number}", detail))
    elif strange:
        detail = f"message {event.event_id} of after-sale {event.sale.number} contradicts what was told before"
        await _held(acceptance, arrival, NewCase(Cause.OTHER_CONTENT, f"{source} {event.sale.number}", detail))
    else:
        await _tell(acceptance, asked, event)


async def _asked(
    acceptance: Acceptance, db: Connection, event: AfterSaleEvent, customer_id: str, event_id: int
) -> RefundAsked:
    refund_id = identity.platform_refund_id(event.order_id, event.sale.number)
    request = RefundRequest(units=event.units, shipping=event.freight)
    words = await acceptance.house.customers.seal_note(db, customer_id, event.words)
    asking = Asking(refund_id, event.order_id, BUYER, request=request)
    return RefundAsked(asking, event.reason or "unknown", words, (event_id,), event.sale)


async def _held(acceptance: Acceptance, arrival: Arrival, case: NewCase) -> None:
    await acceptance.quarantine(replace(arrival, verdict=Verdict.QUARANTINED, reason=case.cause), case)


async def _tell(acceptance: Acceptance, asked: RefundAsked, event: AfterSaleEvent) -> None:
    fact = PlatformTold(asked.refund_id, asked.order_id, event.sale, asked.event_ids)
    try:
        await RefundDesk(acceptance.house.temporal).hear(asked, fact)
    except TemporalAway as away:
        raise Problem(503, "unavailable", str(away), headers={"retry-after": "5"}) from away
