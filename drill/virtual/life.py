"""One order while it is played: what is in flight, which crashes and strikes are still to come, what has hit it."""

import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.axis import Fulfilment
from domain.reference import OrderId, TradeReference
from domain.refund_leg import RefundOutcome
from drill.virtual.matrix import Call, Cell, Component, Fault, Message, Point
from drill.virtual.plan import Plan
from drill.virtual.stories import Strike
from ports.records import OrderView
from ports.refunds import RefundView
from workflows import identity

LEFT = (Fulfilment.SHIPPED, Fulfilment.PARTLY_DELIVERED, Fulfilment.DELIVERED)
MOST_REFUNDS = 3  # of an order
MOST_DUE = 3  # that go back by themselves
Deed = Callable[[], Coroutine[Any, Any, None]]


def refund_key(order_id: OrderId, number: int) -> str:
    """Under which the shop asks for the order's refund of this number: 1, 2, 3."""
    return f"refund {order_id} {number}"


@dataclass
class Life:
    """In flight is money from its capture until it is booked, and an order from its first captured money until its
    goods have left the house or it was stopped, and a refund: while that lasts, a mistake costs money.
    """

    plan: Plan
    unbooked: set[str] = field(default_factory=set)
    captured: bool = False
    left: bool = False
    ended: bool = False
    was_split: bool = False
    delivered_at: datetime | None = None
    away_until: dict[str, datetime] = field(default_factory=dict)  # outages, by the first word of a call or step
    overtakers: dict[str, Deed] = field(default_factory=dict)  # what is told in the middle of a call or step
    paying_back: bool = False  # from the request until its last notice was told
    refunds: dict[str, RefundView] = field(default_factory=dict)  # as a step left each of them
    script: list[RefundOutcome] = field(default_factory=list)  # what the provider says of the next new numbers
    owed: bool = False  # a case of money that is due back is open
    untold: int = 0  # notices of refunds that are still to come
    crashed: list[Point] = field(default_factory=list)
    struck: list[Strike] = field(default_factory=list)
    rng: random.Random = field(init=False)
    _crashes: list[Point] = field(init=False)
    _strikes: list[Strike] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.plan.seed)
        self._crashes = list(self.plan.crashes)
        self._strikes = list(self.plan.strikes)

    @property
    def order_id(self) -> OrderId:
        return self.plan.order_id

    @property
    def sale_no(self) -> str:
        """Of its after-sale, where a marketplace sold it."""
        return f"AS-{self.order_id.shop_id}-{self.order_id.order_no}"

    @property
    def sale_id(self) -> str:
        """Of the refund that it is here."""
        return identity.platform_refund_id(self.order_id, self.sale_no)

    @property
    def settlement_no(self) -> str:
        """Under which the marketplace owes us for it."""
        return f"S-{self.order_id.shop_id}-{self.order_id.order_no}"

    @property
    def in_flight(self) -> bool:
        on_its_way = self.captured and not self.left and not self.ended
        return bool(self.unbooked) or self.paying_back or on_its_way

    def crashes(self, component: Component, at: str) -> bool:
        """Whether the planned crash comes now; then it has come."""
        point = Point(component, at)
        if point not in self._crashes or not self.in_flight:
            return False
        self._crashes.remove(point)
        self.crashed.append(point)
        return True

    def will_crash(self, component: Component, at: str) -> bool:
        return Point(component, at) in self._crashes

    def is_struck(self, fault: Fault, where: Message | Call) -> bool:
        """Whether the planned strike comes now; then it has come."""
        strike = Strike(fault, where)
        if strike not in self._strikes or not self.in_flight:
            return False
        self._strikes.remove(strike)
        self.struck.append(strike)
        return True

    def will_be_struck(self, fault: Fault, where: Message | Call) -> bool:
        return Strike(fault, where) in self._strikes

    def stands(self, order: OrderView) -> None:
        """As a step of the record left it."""
        self.left = order.fulfilment in LEFT
        self.ended = order.finished
        self.owed = bool(order.owed)

    def booked(self, trade_no: str) -> None:
        self.unbooked.discard(trade_no)

    def capture(self, trade_no: str) -> None:
        self.captured = True
        self.unbooked.add(trade_no)

    @property
    def cells(self) -> set[Cell]:
        """What this life proves: each crash with each fault that hit the same order, both in flight."""
        return {Cell(point, strike.fault) for point in self.crashed for strike in self.struck}

    @property
    def left_undone(self) -> tuple[str, ...]:
        """What was planned and never came to pass."""
        return (*map(str, self._crashes), *(f"{strike.fault} at {strike.where}" for strike in self._strikes))


def _refund_ids(order_id: OrderId) -> Iterator[str]:
    """Of all that it may come to have."""
    yield from (identity.refund_id(order_id, refund_key(order_id, number)) for number in range(1, MOST_REFUNDS + 1))
    yield from (identity.due_refund_id(order_id, number) for number in range(1, MOST_DUE + 1))


class Lives:
    """All orders that are played together, found by whatever names them."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._lives = {plan.order_id: Life(plan) for plan in plans}
        self._of_refunds = {
            identity.refund_workflow_id(refund_id): life
            for order_id, life in self._lives.items()
            for refund_id in (*_refund_ids(order_id), life.sale_id)
        }

    def __iter__(self) -> Iterator[Life]:
        return iter(self._lives.values())

    @property
    def workflow_ids(self) -> list[str]:
        """Of all that run, or may come to."""
        return [*map(identity.order_workflow_id, self._lives), *self._of_refunds]

    def of(self, order_id: OrderId) -> Life:
        return self._lives[order_id]

    def of_trade(self, out_trade_no: str) -> Life:
        return self._lives[TradeReference.parse(out_trade_no).order_id]

    def of_refund(self, workflow_id: str) -> Life | None:
        return self._of_refunds.get(workflow_id)

    def of_reference(self, reference: str) -> Life:
        return self._lives[OrderId.from_warehouse_reference(reference)]
