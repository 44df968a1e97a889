"""The fault matrix: where something dies (rows) and what the outside gets wrong meanwhile (columns)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product


class Component(StrEnum):
    WORKER = "worker"
    TEMPORAL = "temporal"
    POSTGRES = "postgres"
    API = "api"


class Message(StrEnum):
    """What the outside tells us."""

    ORDER = "order"
    NOTICE = "notice"
    PARCEL = "parcel"
    CANCEL = "cancel"
    RECIPIENT = "recipient"
    REFUND = "refund"  # it is asked for
    DECISION = "decision"  # somebody signs, or withdraws
    REFUNDED = "refunded"  # a provider tells of money that went back
    WAYBILL = "waybill"  # the buyer has sent the goods back
    CAME_BACK = "came back"  # the warehouse received them, and looked
    ASSESSMENT = "assessment"  # somebody says what damage costs
    AFTER_SALE = "after-sale"  # a marketplace tells how one stands there


class Call(StrEnum):
    """What we ask of the outside; the names of the activities."""

    QUERY = "payments.query_trade"
    CLOSE = "payments.close_trade"
    PUSH = "warehouse.push"
    STOP = "warehouse.stop"
    PAY_BACK = "payments.refund"
    PAID_BACK = "payments.query_refund"
    EXPECT = "warehouse.expect_return"
    AGREE = "after_sales.agree"
    REFUSE = "after_sales.refuse"
    EXTEND = "after_sales.extend"
    ASK = "after_sales.ask"


class Fault(StrEnum):
    DUPLICATE = "duplicate"  # a message comes several times at once
    REORDER = "reorder"  # the notice before its order, the delivery before the shipping
    DELAY = "delay"  # a message comes much later, or overtakes the answer to our call
    ERROR = "5xx"  # a call is answered with an error and has no effect
    CUT = "timeout after success"  # a call has its effect, and its answer never comes
    OUTAGE = "outage"  # all calls of a while are answered with an error


RECORD_STEPS = (
    "records.load",
    "records.place",
    "records.record_payment",
    "records.request_cancellation",
    "records.report_parcel",
    "records.amend_recipient",
    "records.reserve_stock",
    "records.record_push",
    "records.complete",
    "records.stop",
    "records.cancel_too_late",
    "records.open_case",
    "records.settle_case",
)
REFUND_STEPS = (
    "records.ask_goods_stop",
    "records.stop_goods",
    "refunds.open",
    "refunds.load",
    "refunds.hear_of_goods",
    "refunds.move_approval",
    "refunds.plan",
    "refunds.ask_leg",
    "refunds.record_answer",
    "refunds.record_notice",
    "refunds.open_case",
    "refunds.settle_case",
    "approvers.route",
    "approvers.standing",
    "approvers.levels",
)
RETURN_STEPS = (
    "refunds.expect_return",
    "refunds.note_sent",
    "refunds.receive_return",
    "refunds.assess_return",
    "refunds.close_return",
)
DUE_STEPS = (
    "records.due_back",
    "messages.start_refund",
    "refunds.approve_by_policy",
    "messages.tell_order",
    "records.hear_of_refund",
)
PLATFORM_STEPS = ("refunds.hear_platform", "refunds.decide_at_deadline")
ORDER_MESSAGES = (Message.ORDER, Message.NOTICE, Message.PARCEL, Message.CANCEL, Message.RECIPIENT)
REFUND_MESSAGES = (Message.REFUND, Message.DECISION, Message.REFUNDED)
RETURN_MESSAGES = (Message.WAYBILL, Message.CAME_BACK, Message.ASSESSMENT)
ORDER_CALLS = (Call.QUERY, Call.CLOSE, Call.PUSH, Call.STOP)
REFUND_CALLS = (Call.PAY_BACK, Call.PAID_BACK)
RETURN_CALLS = (Call.EXPECT,)
PLATFORM_CALLS = (Call.AGREE, Call.REFUSE, Call.EXTEND, Call.ASK)
SPOKEN = "messages."
API_MOMENTS = ("received", "kept", "accepted")  # before the evidence, before the acceptance, before the answer


@dataclass(frozen=True, order=True)
class Point:
    """Where something dies. `at`: a step, or a message; of the API a message and how far it had come."""

    component: Component
    at: str

    def __str__(self) -> str:
        return f"{self.component}: {self.at}"

    @property
    def is_step(self) -> bool:
        return "." in self.at

    @property
    def message(self) -> Message:
        return Message(self.at.removesuffix(f" {self.moment}") if self.moment else self.at)

    @property
    def moment(self) -> str:
        """How far the message had come; of the API only."""
        return self.at.rpartition(" ")[2] if self.component is Component.API else ""


@dataclass(frozen=True, order=True)
class Cell:
    point: Point
    fault: Fault


def _points(steps: Sequence[str], calls: Sequence[Call], messages: Sequence[Message]) -> tuple[Point, ...]:
    """The worker dies after a step's effect; Temporal is cut off before it hears of the step, or from the API;
    Postgres is cut off before or after the effect; what one workflow says to another does not go there.
    """
    return (
        *(Point(Component.WORKER, step) for step in (*steps, *calls)),
        *(Point(Component.TEMPORAL, at) for at in (*steps, *messages)),
        *(Point(Component.POSTGRES, at) for at in (*steps, *messages) if not at.startswith(SPOKEN)),
        *(Point(Component.API, f"{message} {moment}") for message in messages for moment in API_MOMENTS),
    )


def _cells(points: Sequence[Point]) -> tuple[Cell, ...]:
    return tuple(Cell(point, fault) for point, fault in product(points, Fault))


ORDER_POINTS = _points(RECORD_STEPS, ORDER_CALLS, ORDER_MESSAGES)
REFUND_POINTS = _points(REFUND_STEPS, REFUND_CALLS, REFUND_MESSAGES)
RETURN_POINTS = _points(RETURN_STEPS, RETURN_CALLS, RETURN_MESSAGES)
DUE_POINTS = _points(DUE_STEPS, (), ())
PLATFORM_POINTS = _points(PLATFORM_STEPS, PLATFORM_CALLS, (Message.AFTER_SALE,))
POINTS = (*ORDER_POINTS, *REFUND_POINTS, *RETURN_POINTS, *DUE_POINTS, *PLATFORM_POINTS)
ORDER_CELLS, REFUND_CELLS, RETURN_CELLS = map(_cells, (ORDER_POINTS, REFUND_POINTS, RETURN_POINTS))
DUE_CELLS, PLATFORM_CELLS = map(_cells, (DUE_POINTS, PLATFORM_POINTS))
CELLS = (*ORDER_CELLS, *REFUND_CELLS, *RETURN_CELLS, *DUE_CELLS, *PLATFORM_CELLS)
