"""Where the refunds of an order stand, as their customer may hear it: stages from the workflows, else the record."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from api.workflow_answers import Source, ask
from domain.money import Money, total
from domain.promise import Actor, Expectation
from domain.reference import OrderId
from domain.refund import Goods, Kind, RefundStage
from domain.refund_leg import Leg, LegState
from domain.refund_promise import (
    TARGETS,
    RefundMilestone,
    actor,
    current,
    follows,
    refund_expected,
    span_of,
    way,
)
from domain.returns import Return
from persistence import refund_list, refund_tracking
from persistence.engine import reading
from persistence.refund_tracking import RecordedRefund
from ports.refunds import RefundView
from runtime.wiring import House
from workflows import identity
from workflows.refund import RefundWorkflow

_AUDITED = {
    RefundMilestone.GOODS_STOPPED: "goods/stopped",
    RefundMilestone.APPROVED: "decision/approved",
    RefundMilestone.RECEIVED: "goods/received",
    RefundMilestone.PAYING_BACK: "repayment/under_way",
    RefundMilestone.PAID_BACK: "repayment/back",
    RefundMilestone.REFUSED: "decision/refused",
    RefundMilestone.WITHDRAWN: "decision/withdrawn",
    RefundMilestone.RETURN_CLOSED: "goods/not_back",
    RefundMilestone.NOT_PAID_BACK: "repayment/not_back",
}


@dataclass(frozen=True)
class RefundStanding:
    """What changes of a refund, who said so, and as of when."""

    stage: RefundStage
    goods: Goods
    amount: Money
    legs: tuple[Leg, ...]
    back: Return | None
    ended: bool
    source: Source
    as_of: datetime


@dataclass(frozen=True)
class RefundMark:
    """One step of its way: reached or still to come; the current one is the last that was reached."""

    milestone: RefundMilestone
    reached: bool
    current: bool
    at: datetime | None


@dataclass(frozen=True)
class TrackedRefund:
    refund_id: str
    kind: Kind
    requested_at: datetime
    standing: RefundStanding
    steps: tuple[RefundMark, ...]
    expectation: Expectation | None
    version: int
    his_own: bool  # the customer asked for it himself
    score: int | None = None  # what he makes of it

    @property
    def open(self) -> bool:
        return not self.standing.ended

    @property
    def marked(self) -> bool:
        """From the record although the workflow should have answered: the reader must know as of when."""
        return self.open and self.standing.source is Source.RECORD

    @property
    def actor(self) -> Actor:
        return actor(self.standing.stage) if self.open else Actor.NOBODY

    @property
    def follows(self) -> RefundStage | None:
        return follows(self.standing.stage, self.standing.goods) if self.open else None

    @property
    def send_by(self) -> datetime | None:
        """Until when the buyer has to send the goods."""
        waits = self.standing.stage is RefundStage.AWAITING_RETURN
        return self.standing.back.send_by if waits and self.standing.back else None

    @property
    def may_be_withdrawn(self) -> bool:
        """By its customer; not once his goods are on their way to us, or were stopped: then the money is his."""
        waits = self.standing.stage in (RefundStage.AWAITING_APPROVAL, RefundStage.AWAITING_RETURN)
        return self.his_own and waits and self.standing.goods in (Goods.KEPT, Goods.EXPECTED)

    @property
    def may_be_rated(self) -> bool:
        return not self.open and self.score is None and self.standing.stage is not RefundStage.WITHDRAWN

    @property
    def paid_back(self) -> tuple[Leg, ...]:
        """Only what its provider, or two people, confirmed."""
        return tuple(each for each in self.standing.legs if each.state is LegState.DONE)

    @property
    def amount_back(self) -> Money:
        return total((each.amount for each in self.paid_back), self.standing.amount.currency)


async def refunds_of(house: House, order_id: OrderId) -> tuple[TrackedRefund, ...]:
    """All workflows are asked at the same time, the latest refund stands first."""
    async with reading(house.engine) as db:
        recorded = await refund_tracking.of_order(db, order_id)
        known = await refund_list.customer_and_currency(db, order_id) if recorded else None
    views = await asyncio.gather(*(_asked(house, each) for each in recorded))
    customer = known[0] if known else ""
    return tuple([await _told(house, each, view, customer) for each, view in zip(recorded, views, strict=True)])


async def _asked(house: House, recorded: RecordedRefund) -> RefundView | None:
    refund = recorded.loaded.refund
    if refund.ended:
        return None
    workflow_id = identity.refund_workflow_id(refund.refund_id)
    view: RefundView | None = await ask(house, workflow_id, RefundWorkflow.progress)
    return view


def refund_standing(view: RefundView | None, recorded: RecordedRefund, now: datetime) -> RefundStanding:
    if view is not None and view.amount is not None:
        legs = tuple(each.leg for each in view.legs)
        return RefundStanding(view.stage, view.goods, view.amount, legs, view.back, view.ended, Source.WORKFLOW, now)
    refund, back = recorded.loaded.refund, recorded.loaded.back
    said = (refund.stage, refund.goods, refund.amount, refund.legs, back, refund.ended)
    return RefundStanding(*said, Source.RECORD, recorded.updated_at)


async def _told(house: House, recorded: RecordedRefund, view: RefundView | None, customer: str) -> TrackedRefund:
    refund, now = recorded.loaded.refund, house.clock.now()
    standing = refund_standing(view, recorded, now)
    return TrackedRefund(
        refund.refund_id,
        refund.kind,
        recorded.requested_at,
        standing,
        marks(recorded, standing),
        await _expected(house, recorded, standing, now),
        refund.version,
        refund.applicant == customer,
        recorded.score,
    )


async def _expected(
    house: House, recorded: RecordedRefund, standing: RefundStanding, now: datetime
) -> Expectation | None:
    if standing.ended or standing.stage not in TARGETS:
        return None
    refund = recorded.loaded.refund
    async with reading(house.engine) as db:
        provider = await refund_tracking.provider_of(db, refund.order_id)
        earlier = await refund_tracking.durations(db, refund.order_id.channel, refund.kind, provider)
    since = max(recorded.reached.values(), default=recorded.requested_at)
    return refund_expected(
        (standing.stage, standing.goods),
        recorded.requested_at,
        since,
        now,
        time_scale=house.settings.time_scale,
        history=span_of(earlier),
    )


def marks(recorded: RecordedRefund, standing: RefundStanding) -> tuple[RefundMark, ...]:
    path, here = way(standing.stage, standing.goods), current(standing.stage, standing.goods)
    far, times = path.index(here), _times(recorded, standing)
    ended_early = standing.stage not in TARGETS and standing.stage is not RefundStage.PAID_BACK
    return tuple(
        RefundMark(each, place <= far, each is here, times.get(each) if place <= far else None)
        for place, each in enumerate(path)
        if not ended_early or each is here or each in times
    )


def _times(recorded: RecordedRefund, standing: RefundStanding) -> dict[RefundMilestone, datetime]:
    """As the outside says where it did, else as the audit log says."""
    times = {each: recorded.reached[name] for each, name in _AUDITED.items() if name in recorded.reached}
    times[RefundMilestone.REQUESTED] = recorded.requested_at
    if standing.back and standing.back.sent_at:
        times[RefundMilestone.SENT_BACK] = standing.back.sent_at
    done = [each.done_at for each in standing.legs if each.state is LegState.DONE and each.done_at]
    if done:
        times[RefundMilestone.PAID_BACK] = max(done)
    return times
