"""What the record can't take, however often it is tried, becomes a case: never an exception that stops the order.

A refused message counts as dealt with: its evidence is kept, a person looks at it, and the order goes on without it. A
refused step of our own waits until a person has mended what is wrong, and is tried again. Everything else that
goes wrong here is an outage, or a defect that the next release mends: Temporal tries those for ever.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from domain.case import Cause, NewCase
from domain.errors import DomainError
from domain.reference import OrderId
from persistence.transition import OrderNotKnown
from ports.records import WaitingCase

REFUSED = (DomainError, OrderNotKnown, IntegrityError, DataError)


class _Told(Protocol):
    @property
    def order_id(self) -> OrderId: ...


class _View(Protocol):
    @property
    def cases(self) -> tuple[WaitingCase, ...]: ...


class _Record(Protocol):
    """A record of orders or of refunds: where it keeps what it refused."""

    async def note_refusal(self, told: Any, case: NewCase, step: str, event_ids: tuple[int, ...] = ()) -> Any: ...

    async def settle_refusals(self, told: Any) -> Any: ...


Told = TypeVar("Told", bound=_Told)
View = TypeVar("View", bound=_View)
Record = TypeVar("Record", bound=_Record)
Transition = Callable[[Record, Told], Coroutine[Any, Any, View]]


def fact(transition: Transition[Record, Told, View]) -> Transition[Record, Told, View]:
    """A transition that the outside caused: refused, it is a case that holds nobody up."""

    @wraps(transition)
    async def taken(record: Record, told: Told) -> View:
        try:
            return await _looking_twice(transition, record, told)
        except REFUSED as refused:
            events: tuple[int, ...] = getattr(told, "event_ids", ())
            subject = " ".join([transition.__name__, *map(str, events)])
            case = NewCase(Cause.IMPOSSIBLE_FACT, subject, _why(transition, refused))
            refusal: View = await record.note_refusal(told, case, transition.__name__, events)
            return refusal

    return taken


def step(transition: Transition[Record, Told, View]) -> Transition[Record, Told, View]:
    """A step of our own: refused, it is a case that waits. Whatever goes through settles what was refused before."""

    @wraps(transition)
    async def taken(record: Record, told: Told) -> View:
        try:
            view = await _looking_twice(transition, record, told)
        except REFUSED as refused:
            case = NewCase(Cause.STEP_REFUSED, transition.__name__, _why(transition, refused))
            refusal: View = await record.note_refusal(told, case, transition.__name__)
            return refusal
        if any(case.cause is Cause.STEP_REFUSED for case in view.cases):
            settled: View = await record.settle_refusals(told)
            return settled
        return view

    return taken


async def _looking_twice(transition: Callable[[Record, Told], Awaitable[View]], record: Record, told: Told) -> View:
    """Who lost a race for a row that did not exist yet, and so could not be locked, finds it at the second look."""
    try:
        return await transition(record, told)
    except IntegrityError:
        return await transition(record, told)


def _why(transition: Callable[..., Any], refused: Exception) -> str:
    """The database's own words may quote a row: of those only the rule's name is told."""
    said = str(refused)
    if isinstance(refused, OrderNotKnown):
        said = "the record does not hold this order any more"
    if isinstance(refused, DBAPIError):
        rule = getattr(getattr(refused.orig, "diag", None), "constraint_name", None)
        said = f"the database refuses it by {rule or type(refused.orig).__name__}"
    return f"{transition.__name__}: {said}"
