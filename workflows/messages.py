"""Everything one can say to a workflow. Facts are signals in the past tense; decisions of people are updates."""

from dataclasses import dataclass

from domain.case import CaseDecision
from domain.order import Stage
from domain.reference import OrderId
from ports.outbox import SenderTurn
from ports.records import (
    CancelRequested,
    GoodsStopAsked,
    OrderPlaced,
    OrderView,
    ParcelReported,
    PaymentSettled,
    RecipientAmended,
    RefundMoved,
)

Fact = OrderPlaced | PaymentSettled | CancelRequested | ParcelReported | RecipientAmended | GoodsStopAsked | RefundMoved


@dataclass(frozen=True)
class OrderStart:
    order_id: OrderId


@dataclass(frozen=True)
class OrderEnd:
    """How a run ended; the record holds the rest."""

    order_id: OrderId
    stage: Stage


__all__ = [
    "CancelRequested",
    "CaseDecision",
    "Fact",
    "GoodsStopAsked",
    "OrderEnd",
    "OrderPlaced",
    "OrderStart",
    "OrderView",
    "ParcelReported",
    "PaymentSettled",
    "RecipientAmended",
    "RefundMoved",
    "SenderTurn",
]
