"""The fault matrix: where something dies (rows) and what the outside gets wrong meanwhile (columns)."""

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


class Call(StrEnum):
    """What we ask of the outside; the names of the activities."""

    QUERY = "payments.query_trade"
    CLOSE = "payments.close_trade"
    PUSH = "warehouse.push"
    STOP = "warehouse.stop"


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
        return Message(self.at.split()[0])


@dataclass(frozen=True, order=True)
class Cell:
    point: Point
    fault: Fault


def _points() -> tuple[Point, ...]:
    """The worker dies after a step's effect; Temporal is cut off before it hears of the step, or from the API;
    Postgres is cut off before or after the effect.
    """
    return (
        *(Point(Component.WORKER, step) for step in (*RECORD_STEPS, *Call)),
        *(Point(Component.TEMPORAL, at) for at in (*RECORD_STEPS, *Message)),
        *(Point(Component.POSTGRES, at) for at in (*RECORD_STEPS, *Message)),
        *(Point(Component.API, f"{message} {moment}") for message in Message for moment in API_MOMENTS),
    )


POINTS = _points()
CELLS = tuple(Cell(point, fault) for point, fault in product(POINTS, Fault))
