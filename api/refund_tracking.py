"""What a customer with proof hears of a refund, as JSON and as the OpenAPI document shows it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from api.refund_progress import TrackedRefund
from api.workflow_answers import Source
from domain.money import Money
from domain.promise import Actor, Basis
from domain.refund import Kind, RefundStage
from domain.refund_promise import RefundMilestone


class RefundMoney(BaseModel):
    amount_minor: int
    currency: str


class ShownRefundStep(BaseModel):
    name: RefundMilestone
    reached: bool
    current: bool
    at: datetime | None


class ShownRefundNext(BaseModel):
    stage: RefundStage | None
    by: Actor


class RefundExpected(BaseModel):
    """When the money is expected back. `basis`: from earlier refunds, or from the stage targets."""

    earliest: datetime
    latest: datetime
    basis: Basis


class ShownMovement(BaseModel):
    """Money that went back. `reference`: the provider's own, or that of the payment where he gives none."""

    provider: str
    reference: str
    amount: RefundMoney
    at: datetime | None


class ShownRefund(BaseModel):
    """`amount`: what the buyer really gets. `paid_back`: what of it is confirmed. `score`: his own, to 5."""

    refund: str
    kind: Kind
    stage: RefundStage
    source: Source
    as_of: datetime
    requested_at: datetime
    amount: RefundMoney
    paid_back: RefundMoney
    steps: list[ShownRefundStep]
    next: ShownRefundNext
    send_by: datetime | None
    expected: RefundExpected | None
    overdue: bool
    due: datetime | None
    movements: list[ShownMovement]
    score: int | None


def refund_json(found: TrackedRefund) -> dict[str, Any]:
    standing, hoped = found.standing, found.expectation
    late = bool(hoped and hoped.overdue)
    return {
        "refund": found.refund_id,
        "kind": found.kind,
        "stage": standing.stage,
        "source": standing.source,
        "as_of": standing.as_of,
        "requested_at": found.requested_at,
        "amount": _money(standing.amount),
        "paid_back": _money(found.amount_back),
        "steps": [
            {"name": each.milestone, "reached": each.reached, "current": each.current, "at": each.at}
            for each in found.steps
        ],
        "next": {"stage": found.follows, "by": found.actor},
        "send_by": found.send_by,
        "expected": hoped
        and hoped.earliest
        and {"earliest": hoped.earliest, "latest": hoped.latest, "basis": hoped.basis},
        "overdue": late,
        "due": hoped.due if hoped and late else None,
        "movements": [
            {
                "provider": "other" if each.said_by else each.payment[0],
                "reference": each.reference,
                "amount": _money(each.amount),
                "at": each.done_at,
            }
            for each in found.paid_back
        ],
        "score": found.score,
    }


def _money(amount: Money) -> dict[str, Any]:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}
