"""Thousands of lives of short orders: restocked, split, given up, cancelled, while parcels leave and are told of.

After each step no unit is lost and none is sent twice, no fen is due twice. What the outside tells in another order,
later or twice, ends alike.
"""

import random  # noqa: TID251 - chance by a seed: the lives are the same every day
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from domain import backorder, ending
from domain import order as orders
from domain.axis import Fulfilment
from domain.case import Cause, Choice
from domain.money import total
from domain.order import Cancellation, Change, Order
from domain.outbound import handed_over
from domain.shipment import Parcel, carried
from tests.builders import line, order, yuan
from tests.domain import scenes
from tests.domain.scenes import mixed_parcel

LIVES, STEPS = 500, 30
SKUS = ("TEA-GREEN-250", "CUP-WHITE")
LINES = (line("1", SKUS[0], 3, "33.34", merchant_discount=yuan("0.01")), line("2", SKUS[1], 2, "15.55"))
ORDERED = {"1": 3, "2": 2}


@dataclass
class Life:
    """One order, its stock, and a warehouse that keeps its word. `chance` decides what the outside does.

    `lag` decides only when we hear of it. `prompt`: the answer to a push comes at once.
    """

    chance: random.Random
    lag: random.Random
    prompt: bool
    order: Order = field(default_factory=lambda: scenes.paid(scenes.matched(order(lines=LINES, parts=2))))
    free: Counter[str] = field(default_factory=Counter)
    restocked: Counter[str] = field(default_factory=Counter)
    in_house: dict[int, Counter[str]] = field(default_factory=dict)
    asked: dict[int, dict[str, int]] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    parcels: list[Parcel] = field(default_factory=list)
    unheard: list[Parcel] = field(default_factory=list)
    due: int = 0
    short: bool = False

    def live(self) -> None:
        self.goes_on()
        for _ in range(STEPS):
            self.chance.choice((self.restock, self.decide, self.decide, self.push, self.leave, self.arrive))()
            if self.chance.random() < 0.02:
                self.cancel()
            while self.unheard and self.lag.random() < 0.4:
                self.hear(self.unheard.pop(self.lag.randrange(len(self.unheard))))
            self.check()

    def wind_up(self) -> None:
        """Everything is restocked, sent and told."""
        while self.unheard or self.order.awaits_push or any(self.in_house.values()) or not self.all_arrived():
            self.free.update(dict.fromkeys(SKUS, 5))
            self.restocked.update(dict.fromkeys(SKUS, 5))
            self.decide(Choice.RETRY)
            self.push()
            self.leave()
            self.arrive()
            for parcel in self.unheard:
                self.hear(parcel)
            self.unheard.clear()
            self.check()

    # The outside

    def restock(self) -> None:
        sku = self.chance.choice(SKUS)
        self.free[sku] += 1
        self.restocked[sku] += 1

    def push(self) -> None:
        """Our attempt reaches the warehouse, and perhaps its answer reaches us."""
        if not (self.order.awaits_push and self.order.unpushed) or self.short:
            return
        number = len(self.order.outbound) + 1
        content = {each.line_id: each.quantity for each in backorder.contents(self.order, number)}
        if number not in self.asked:
            self.asked[number] = content
            self.in_house[number] = Counter(content)
        assert self.asked[number] == content, "an attempt asks for other goods than the one before"
        if self.prompt or self.chance.random() < 0.5:
            self.apply(orders.pushed(self.order, number))

    def leave(self) -> None:
        """Some units of an outbound order leave in a parcel."""
        waiting = [number for number, units in self.in_house.items() if units and number not in self.stopped]
        if waiting:
            number = self.chance.choice(waiting)
            content = +Counter({each: self.chance.randint(0, count) for each, count in self.in_house[number].items()})
            if content:
                self.in_house[number] -= content
                self.tell(mixed_parcel(f"P-{len(self.parcels)}", dict(content)))

    def arrive(self) -> None:
        road = [each for each in self.parcels if not each.delivered_at]
        if road:
            parcel = self.chance.choice(road)
            self.parcels.remove(parcel)
            self.tell(
                replace(parcel, shipped_at=None, delivered_at=scenes.LATER), replace(parcel, delivered_at=scenes.LATER)
            )

    def tell(self, message: Parcel, known: Parcel | None = None) -> None:
        self.parcels.append(known or message)
        self.unheard += [message] * self.lag.randint(1, 2)

    def all_arrived(self) -> bool:
        return all(each.delivered_at for each in self.parcels)

    # We

    def hear(self, parcel: Parcel) -> None:
        self.apply(orders.report_parcel(self.order, parcel))

    def decide(self, choice: Choice | None = None) -> None:
        if self.short:
            self.short = False
            choice = choice or self.chance.choices((Choice.RETRY, Choice.SPLIT, Choice.CANCEL), (4, 6, 1))[0]
            self.apply(ending.decide(self.order, Cause.OUT_OF_STOCK, choice))
            self.end_if_cancelled()

    def cancel(self) -> None:
        self.apply(ending.request_cancellation(self.order))
        self.end_if_cancelled()

    def end_if_cancelled(self) -> None:
        """As the workflow does it: each outbound order that may be there is stopped, or it is too late."""
        if self.order.cancellation is not Cancellation.REQUESTED:
            return
        numbers = range(1, max(len(self.order.outbound) + bool(self.order.unpushed), 1) + 1)
        stopped = tuple(number for number in numbers if self.stops(number))
        if len(stopped) == len(numbers):
            self.apply(ending.stop(self.order))
            return
        if self.order.unpushed and numbers[-1] not in stopped:
            self.apply(orders.pushed(self.order, numbers[-1]))
        self.apply(ending.cancel_too_late(self.order, stopped))

    def stops(self, number: int) -> bool:
        """Whether nothing of it left: the warehouse's word is final."""
        if self.in_house.get(number, Counter()) != Counter(self.asked.get(number, {})):
            return False
        self.stopped.add(number)
        self.in_house.pop(number, None)
        return True

    def apply(self, change: Change) -> None:
        self.order = change.order
        for demand in change.taken:
            self.free[demand.sku] -= demand.quantity
        for demand in change.given_back:
            self.free[demand.sku] += demand.quantity
        self.due -= sum(
            each.amount.amount_minor
            for entry in change.entries
            for each in entry.postings
            if each.account == "refund_payable"
        )
        self.goes_on()

    def goes_on(self) -> None:
        """Our own next step: reserve, as soon as something is to be reserved and nobody was asked."""
        if not self.order.awaits_push:
            self.short = False
            if self.order.unpushed and not self.order.finished:  # all left before the answer to the push was heard
                self.apply(orders.pushed(self.order, len(self.order.outbound) + 1))
        elif not self.short and not self.order.unpushed and self.order.cancellation is Cancellation.NONE:
            change = backorder.allot(self.order, self.free)
            self.short = bool(change.cases)
            if change.taken:
                self.apply(change)

    # What must be so at every moment

    def check(self) -> None:
        what = self.order
        left = carried(ORDERED, self.parcels)
        assert min(self.free.values(), default=0) >= 0, "oversold"
        assert all(left[each] <= count for each, count in ORDERED.items()), "a unit left twice"
        captured = total((each.amount for each in what.captures), "CNY").amount_minor
        if what.fulfilment is Fulfilment.STOPPED:
            assert (self.due, left) == (captured, {}), "stopped: all money goes back, no goods left"
            return
        assert self.due == what.dropped_cash.amount_minor
        for demand in what.demands:
            there = handed_over(what.outbound)[demand.line_id]
            assert what.away[demand.line_id] + what.rest[demand.line_id] + demand.dropped == demand.quantity
            assert there + demand.dropped <= demand.quantity, "handed over and given up"
            assert left[demand.line_id] + demand.dropped <= demand.quantity, "shipped and refunded"
            kept = Counter(what.reserved)[demand.line_id]
            assert there <= kept <= demand.due
        kept_units = Counter({each.sku: Counter(what.reserved)[each.line_id] for each in what.demands})
        assert self.free + kept_units == +self.restocked, "stock was lost or made"


def life(seed: int, lag: int, *, prompt: bool) -> Life:
    return Life(random.Random(seed), random.Random(lag), prompt)


def test_no_unit_and_no_fen_is_lost_or_counted_twice() -> None:
    ends: Counter[str] = Counter()
    for seed in range(LIVES):
        one = life(seed, seed, prompt=False)
        one.live()
        one.wind_up()
        ends[one.order.fulfilment] += 1
        ends["split"] += len(one.order.outbound) > 1
        ends["dropped"] += bool(one.order.dropped_cash.amount_minor)
        ends["too late"] += one.order.cancellation is Cancellation.TOO_LATE
        assert one.order.fulfilment in (Fulfilment.DELIVERED, Fulfilment.STOPPED), f"seed {seed}"
    assert min(ends[each] for each in ("delivered", "stopped", "split", "dropped", "too late")) > LIVES // 50, ends


@pytest.mark.parametrize("seed", range(60))
def test_however_late_the_outside_is_heard_the_order_ends_alike(seed: int) -> None:
    ends = []
    for lag in range(6):
        one = life(seed, lag, prompt=True)
        one.live()
        one.wind_up()
        ends.append((replace(one.order, parcels=()), frozenset(one.order.parcels), one.due))
    assert all(end == ends[0] for end in ends)
