"""Where an order stands, as its customer may hear it. The stage comes from the workflow, all else from the record."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.refund_progress import TrackedRefund
from api.workflow_answers import Source, ask
from domain.axis import Fulfilment, Payment
from domain.case import Cause
from domain.order import Cancellation, HoldReason, Order, Stage
from domain.payment import next_unpaid
from domain.promise import PROMISES, Actor, Expectation, expected, on_its_way
from domain.reference import OrderId
from domain.shipment import Parcel
from persistence import progress
from persistence.engine import reading
from persistence.progress import Found, Recorded
from ports.records import OrderView
from runtime.wiring import House
from workflows import identity
from workflows.order import OrderWorkflow

ENDED_EARLY = (Stage.CANCELLED, Stage.CLOSED_UNPAID)
FINISHED = (Stage.COMPLETED, *ENDED_EARLY)


class Milestone(StrEnum):
    """What a customer sees an order reach, in this order; the last two end it early."""

    PLACED = "placed"
    PAID = "paid"
    PREPARING = "preparing"
    AT_WAREHOUSE = "at_warehouse"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CLOSED_UNPAID = "closed_unpaid"


class Concern(StrEnum):
    """Why an order stands still or takes another way, as far as it is the customer's business."""

    ADDRESS = "address"
    ITEM = "item"
    SPECIAL = "special"
    RESTOCK = "restock"
    REST_FOLLOWS = "rest_follows"
    REST_DROPPED = "rest_dropped"
    ATTENTION = "attention"
    CANCELLING = "cancelling"
    TOO_LATE_TO_CANCEL = "too_late_to_cancel"


BEFORE_LEAVING = (Milestone.PLACED, Milestone.PAID, Milestone.PREPARING, Milestone.AT_WAREHOUSE)
_FULFILMENT_OF = {
    Milestone.PREPARING: Fulfilment.RESERVED,
    Milestone.AT_WAREHOUSE: Fulfilment.PUSHED,
    Milestone.SHIPPED: Fulfilment.SHIPPED,
    Milestone.DELIVERED: Fulfilment.DELIVERED,
    Milestone.COMPLETED: Fulfilment.COMPLETED,
}
_FAR: list[Fulfilment] = [each for each in Fulfilment if each is not Fulfilment.STOPPED]
_HISTORY_FROM = {
    Stage.AWAITING_PAYMENT: "payment/paid",
    Stage.PARTLY_PAID: "payment/paid",
    Stage.PAID: "payment/paid",
    Stage.PREPARING: "fulfilment/reserved",
    Stage.AT_WAREHOUSE: "fulfilment/pushed",
    Stage.SHIPPED: "fulfilment/shipped",
}
_HOLDS = {
    HoldReason.ADDRESS_INCOMPLETE: Concern.ADDRESS,
    HoldReason.UNMATCHED_SKU: Concern.ITEM,
    HoldReason.UNSUPPORTED_KIND: Concern.SPECIAL,
}
_CASES = {
    Cause.ADDRESS_INCOMPLETE: Concern.ADDRESS,
    Cause.UNMATCHED_SKU: Concern.ITEM,
    Cause.UNSUPPORTED_KIND: Concern.SPECIAL,
    Cause.OUT_OF_STOCK: Concern.RESTOCK,
}


@dataclass(frozen=True)
class Standing:
    """The order's axes, who said so, and as of when."""

    stage: Stage
    payment: Payment
    fulfilment: Fulfilment
    cancellation: Cancellation
    holds: tuple[HoldReason, ...]
    source: Source
    as_of: datetime


@dataclass(frozen=True)
class Step:
    """One step of the way: reached or still to come; the current one is the last that was reached."""

    milestone: Milestone
    reached: bool
    current: bool
    at: datetime | None


@dataclass(frozen=True)
class Tracking:
    """Everything that pages and answers about one order are made of."""

    order: Order
    recorded: Recorded
    standing: Standing
    steps: tuple[Step, ...]
    concerns: tuple[Concern, ...]
    expectation: Expectation | None
    completes_at: datetime | None
    refunds: tuple[TrackedRefund, ...] = ()  # only for who has proof

    @property
    def stage(self) -> Stage:
        return self.standing.stage

    @property
    def live(self) -> bool:
        return on_its_way(self.stage) or any(each.open for each in self.refunds)

    @property
    def marked(self) -> bool:
        """From the record although the workflow should have answered: the reader must know as of when."""
        return self.standing.source is Source.RECORD and self.stage not in FINISHED

    @property
    def actor(self) -> Actor:
        return Actor.BUYER if Concern.ADDRESS in self.concerns else PROMISES[self.stage].by

    @property
    def follows(self) -> Stage | None:
        return PROMISES[self.stage].follows

    @property
    def pay_until(self) -> datetime | None:
        """When the part that is to be paid next must be there."""
        if self.stage not in (Stage.AWAITING_PAYMENT, Stage.PARTLY_PAID):
            return None
        part = next_unpaid(self.order.plan, self.order.captures)
        return part.pay_until if part else None

    def contents(self, parcel: Parcel) -> list[dict[str, str | int]]:
        """Title and units of what the parcel carries, as far as the order names it."""
        titles = {each.line_id: each.title for each in self.order.lines}
        return [
            {"title": titles[each.line_id], "quantity": each.quantity}
            for each in parcel.contents
            if each.line_id in titles
        ]


async def tracking(house: House, found: Found) -> Tracking:
    """The workflow and the record are asked at the same time: whoever is away, there is an answer within a second."""
    view, recorded = await asyncio.gather(_asked(house, found), _recorded(house, found.order_id))
    return await _told(house, recorded, standing_of(view, recorded, house.clock.now()))


async def _asked(house: House, found: Found) -> OrderView | None:
    """The workflow's own answer; None when it is closed, its workers are away, or it knows less than the record."""
    if found.stage in FINISHED:
        return None
    view: OrderView | None = await ask(house, identity.order_workflow_id(found.order_id), OrderWorkflow.progress)
    return view


async def _recorded(house: House, order_id: OrderId) -> Recorded:
    async with reading(house.engine) as db:
        recorded = await progress.read(db, order_id)
    assert recorded is not None  # orders are never deleted
    return recorded


def standing_of(view: OrderView | None, recorded: Recorded, now: datetime) -> Standing:
    order = recorded.order
    if view is None:
        source, as_of = Source.RECORD, recorded.updated_at
        axes = (order.stage, order.payment, order.fulfilment, order.cancellation, order.holds)
    else:
        source, as_of = Source.WORKFLOW, now
        axes = (view.stage, view.payment, view.fulfilment, view.cancellation, view.holds)
    return Standing(*axes, source, as_of)


async def _told(house: House, recorded: Recorded, standing: Standing) -> Tracking:
    settings, order, now = house.settings, recorded.order, house.clock.now()
    milestone, span = _HISTORY_FROM.get(standing.stage), None
    if milestone is not None:
        async with reading(house.engine) as db:
            span = await progress.history(db, order.id.channel, order.kind, milestone)
    since = recorded.updated_at
    expectation = expected(standing.stage, since, now, time_scale=settings.time_scale, history=span)
    steps = steps_of(recorded, standing)
    arrived = next((each.at for each in steps if each.milestone is Milestone.DELIVERED), None)
    completes = arrived + settings.scaled_limits.completes_after_delivery if arrived else None
    return Tracking(
        order,
        recorded,
        standing,
        steps,
        concerns_of(recorded, standing),
        expectation,
        completes if standing.stage is Stage.DELIVERED else None,
    )


def steps_of(recorded: Recorded, standing: Standing) -> tuple[Step, ...]:
    times = _times(recorded)
    if standing.stage in ENDED_EARLY:
        end = Milestone(standing.stage.value)
        way = reached = (*(each for each in BEFORE_LEAVING if each in times), end)
        times |= {end: recorded.reached.get(f"fulfilment/{Fulfilment.STOPPED}", recorded.updated_at)}
    else:
        way = (*BEFORE_LEAVING, Milestone.SHIPPED, Milestone.DELIVERED, Milestone.COMPLETED)
        reached = tuple(each for each in way if _is_reached(each, standing))
    return tuple(
        Step(each, each in reached, each is reached[-1], times.get(each) if each in reached else None) for each in way
    )


def _is_reached(milestone: Milestone, standing: Standing) -> bool:
    if milestone is Milestone.PLACED:
        return True
    if milestone is Milestone.PAID:
        return standing.payment is Payment.PAID
    return _FAR.index(standing.fulfilment) >= _FAR.index(_FULFILMENT_OF[milestone])


def _times(recorded: Recorded) -> dict[Milestone, datetime]:
    """As the outside says (a payment's and a parcel's own times), else as the audit log says."""
    order = recorded.order
    told = {
        Milestone.PAID: [each.paid_at for each in order.captures if each.matched and order.payment is Payment.PAID],
        Milestone.SHIPPED: [each.shipped_at for each in order.parcels if each.shipped_at],
        Milestone.DELIVERED: [each.delivered_at for each in order.parcels if each.delivered_at],
    }
    audited = {each: recorded.reached.get(f"fulfilment/{value}") for each, value in _FULFILMENT_OF.items()}
    times = {each: moment for each, moment in audited.items() if moment is not None}
    times |= {each: max(moments) for each, moments in told.items() if moments}
    return times | {Milestone.PLACED: order.placed_at}


def concerns_of(recorded: Recorded, standing: Standing) -> tuple[Concern, ...]:
    """In customer words later; causes of the inside become one: somebody is looking at it."""
    named: list[Concern] = [_HOLDS[each] for each in standing.holds]
    if standing.stage not in FINISHED:
        named += [_CASES.get(each, Concern.ATTENTION) for each in recorded.waiting]
    if recorded.order.backordered:
        named = [*(each for each in named if each is not Concern.RESTOCK), Concern.REST_FOLLOWS]
    if recorded.order.dropped and standing.stage not in ENDED_EARLY:
        named.append(Concern.REST_DROPPED)
    wishes: Mapping[Cancellation, Concern] = {
        Cancellation.REQUESTED: Concern.CANCELLING,
        Cancellation.TOO_LATE: Concern.TOO_LATE_TO_CANCEL,
    }
    if standing.cancellation in wishes:
        named.append(wishes[standing.cancellation])
    return tuple(dict.fromkeys(named))
