"""What the Temporal Web UI says of an order, in the words of docs/sop.md."""

from domain.brake import STOPPED
from domain.case import HANDLING, Cause
from domain.order import Stage
from domain.refund import RefundStage
from domain.refund_leg import LegState
from ports.records import OrderView, WaitingCase
from ports.refunds import LegView, RefundView

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


REFUND_WAITING_FOR: dict[RefundStage, str] = {
    RefundStage.STOPPING_GOODS: "9.2 the warehouse to let go of the goods",
    RefundStage.AWAITING_APPROVAL: "9.3 approval",
    RefundStage.AWAITING_RETURN: "9.4 the buyer to send the goods back",
    RefundStage.RETURN_UNDER_WAY: "9.4 the warehouse to receive what comes back",
    RefundStage.RETURN_RECEIVED: "9.4 a word on what came back",
    RefundStage.RETURN_CLOSED: "nothing: the goods did not come back",
    RefundStage.APPROVED: "9.5 its legs",
    RefundStage.PAYING_BACK: "9.5 the provider",
    RefundStage.PARTLY_PAID_BACK: "9.5 the rest of the money",
    RefundStage.PAID_BACK: "nothing: paid back",
    RefundStage.REFUSED: "nothing: refused",
    RefundStage.WITHDRAWN: "nothing: withdrawn",
    RefundStage.NOT_PAID_BACK: "nothing: given up",
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
    return "\n".join([*lines, *map(_case, order.cases)])


def refund_waiting_for(refund: RefundView) -> str:
    held = next((each.leg.held for each in refund.legs if each.leg.held), None)
    if held is not None:
        return f"9.5 the brake: {'money is stopped' if held == STOPPED else held}"
    if any(each.leg.state is LegState.SHORT_OF_BALANCE for each in refund.legs):
        return "9.5 money in the merchant's account"
    return REFUND_WAITING_FOR[refund.stage]


def refund_details(refund: RefundView) -> str:
    """Markdown: what the refund waits for, whose turn it is, and how far its money is."""
    if not refund.known:
        return "9.1 waits for the record."
    stage = refund.stage.replace("_", " ")
    lines = [f"**{stage}**, {refund.amount} of order {refund.order_id}: waits for {refund_waiting_for(refund)}"]
    if refund.approval is not None and refund.approval.next_action:
        lines.append(f"- {', '.join(refund.approval.owners)} should {refund.approval.next_action}")
    lines += [f"- {each.leg.amount} under `{each.leg.out_refund_no}`: {_stands(each)}" for each in refund.legs]
    return "\n".join([*lines, *map(_case, refund.cases)])


def _stands(view: LegView) -> str:
    return f"held by {view.leg.held}, goes on by itself" if view.leg.held else view.leg.state


def _case(case: WaitingCase) -> str:
    handling = HANDLING[case.cause]
    return f"- case `{case.case_id}` {case.cause.replace('_', ' ')}: {handling.owner} should {handling.next_action}"
