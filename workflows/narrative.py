"""What the Temporal Web UI says of an order, in the words of docs/sop.md."""

from domain.case import HANDLING, Cause
from domain.order import Stage
from ports.records import OrderView

WAITING_FOR: dict[Stage, str] = {
    Stage.AWAITING_PAYMENT: "1.2 payment",
    Stage.PARTLY_PAID: "1.2 payment of the balance",
    Stage.PAID: "1.3 stock",
    Stage.ON_HOLD: "1.4 release: a hold stands",
    Stage.PREPARING: "1.5 the warehouse to take the order",
    Stage.AT_WAREHOUSE: "1.6 the parcels to leave",
    Stage.PARTLY_SHIPPED: "1.6 the rest of the parcels to leave",
    Stage.SHIPPED: "1.7 delivery",
    Stage.PARTLY_DELIVERED: "1.7 delivery of the rest",
    Stage.DELIVERED: "1.8 the time for objections to pass",
    Stage.COMPLETED: "nothing: completed",
    Stage.CANCELLED: "nothing: cancelled",
    Stage.CLOSED_UNPAID: "nothing: closed unpaid",
}


def waiting_for(order: OrderView) -> str:
    if not order.backordered:
        return WAITING_FOR[order.stage]
    short = any(case.cause is Cause.OUT_OF_STOCK for case in order.cases)
    return "1.3 stock for the rest" if short else "1.5 the warehouse to take the rest"


def details(order: OrderView) -> str:
    """Markdown: what the order waits for, and what a person should do."""
    if not order.known:
        return "Waiting for the order itself: only a message about it has come so far."
    lines = [f"**{order.stage.replace('_', ' ')}**, {order.amount}: waits for {waiting_for(order)}"]
    for case in order.cases:
        handling = HANDLING[case.cause]
        lines.append(
            f"- case `{case.case_id}` {case.cause.replace('_', ' ')}: {handling.owner} should {handling.next_action}"
        )
    return "\n".join(lines)
