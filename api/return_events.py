"""What the warehouse tells of goods that came back: docs/sop.md, sections 3 and 9."""

import asyncio
from dataclasses import replace

from temporalio.service import RPCError, RPCStatusCode

from api.acceptance import SIGNAL_PATIENCE, Acceptance
from api.errors import Problem
from domain.case import Cause, NewCase
from persistence import refund_list
from persistence.engine import reading
from persistence.evidence import Arrival, Verdict
from ports.messages import RawMessage
from ports.returns import ReturnReceived
from ports.warehouse import ReturnEvent
from workflows import identity
from workflows.refund import RefundWorkflow

KIND = "return.received"


async def take_return_event(acceptance: Acceptance, source: str, event: ReturnEvent, message: RawMessage) -> None:
    """Returns once durably accepted. What nobody waits for is kept, with a case for a person."""
    arrival = Arrival(source, event.event_id, KIND, message.body, Verdict.ACCEPTED)
    async with reading(acceptance.house.engine) as db:
        found = await refund_list.find_refund(db, event.reference)
    if found is None:
        await _held(acceptance, arrival, event, "which is no refund of ours")
        return
    loaded = found.loaded
    arrival = replace(arrival, order_id=str(loaded.refund.order_id))
    if loaded.back is not None and loaded.back.received_at is not None:
        await acceptance.keep_alone(replace(arrival, verdict=Verdict.REPEAT))
    elif loaded.back is None or loaded.refund.ended:
        await _held(acceptance, arrival, event, f"which awaits no goods: it is {loaded.refund.stage}")
    else:
        event_id = await acceptance.keep_alone(arrival)
        fact = ReturnReceived(event.reference, loaded.refund.order_id, event.goods, (event_id,))
        await _tell(acceptance, fact)


async def _held(acceptance: Acceptance, arrival: Arrival, event: ReturnEvent, why: str) -> None:
    detail = f"goods came back for {event.reference}, {why}"
    held = replace(arrival, verdict=Verdict.QUARANTINED, reason=Cause.UNEXPECTED_RETURN)
    await acceptance.quarantine(held, NewCase(Cause.UNEXPECTED_RETURN, event.reference, detail))


async def _tell(acceptance: Acceptance, fact: ReturnReceived) -> None:
    """Problem 503 while Temporal is away, and for a refund that ends in this moment: it is judged anew."""
    handle = acceptance.house.temporal.get_workflow_handle_for(
        RefundWorkflow.run, identity.refund_workflow_id(fact.refund_id)
    )
    try:
        async with asyncio.timeout(SIGNAL_PATIENCE.total_seconds()):
            await handle.signal(RefundWorkflow.return_received, fact, rpc_timeout=SIGNAL_PATIENCE)
    except (RPCError, TimeoutError) as error:
        gone = isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND
        detail = "the refund does not run any more" if gone else "not accepted yet: send it again"
        raise Problem(503, "unavailable", detail, headers={"retry-after": "5"}) from error
