"""What happens in a schedule, drawn from seed and number alone: each can be had again by itself."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.reference import BAZAAR, OWN_SHOP, OrderId
from drill.virtual.matrix import (
    DUE_CELLS,
    ORDER_CELLS,
    PLATFORM_CELLS,
    POINTS,
    REFUND_CELLS,
    RETURN_CELLS,
    Call,
    Cell,
    Component,
    Fault,
    Message,
    Point,
)
from drill.virtual.stories import STORIES, Strike, is_lost_task, reaching

ORDERS = 2  # of which each is to hit a cell of its own
REFUNDS = 2  # orders of which money goes back, likewise
RETURNS = 1  # of which goods come back too
DUES = 1  # of which money is due back that nobody asks for
THERE = 1  # that a marketplace sold, and pays back
PAID_BACK = REFUNDS + RETURNS + DUES + THERE
THIRD_ORDER_SHARE = 0.3
FURTHER_CRASH_SHARE = 0.6
FURTHER_STRIKES = (0, 1, 1, 2)
RIVAL_SHARE = 0.5
SHORT = ("short", "short_cancelled", "split", "given_up")
QUIET_SHARE = 0.08
PROVIDERS = ("alipay", "wechatpay")
DEATHS = range(90_000, 90_045)  # schedules in which each refund's worker dies before it can tell that money moved
QUIET = ("unpaid", "cancelled_unpaid", "paid_after_close")  # orders beside the others, of which no cell asks


@dataclass(frozen=True)
class Plan:
    """One order's life. `crashes` and `strikes` happen once each, when money or a push is in flight."""

    order_id: OrderId
    story: str
    crashes: tuple[Point, ...]
    strikes: tuple[Strike, ...]
    seed: str

    @property
    def early(self) -> bool:
        return Strike(Fault.REORDER, Message.NOTICE) in self.strikes


@dataclass(frozen=True)
class Schedule:
    seed: int
    number: int
    plans: tuple[Plan, ...]

    @property
    def of_orders(self) -> "Schedule":
        """Without the orders whose money goes back."""
        return replace(self, plans=self.plans[:-PAID_BACK])

    @property
    def of_refunds(self) -> "Schedule":
        return replace(self, plans=self.plans[-PAID_BACK : -RETURNS - DUES - THERE])

    @property
    def of_returns(self) -> "Schedule":
        return replace(self, plans=self.plans[-RETURNS - DUES - THERE : -DUES - THERE])

    @property
    def of_dues(self) -> "Schedule":
        return replace(self, plans=self.plans[-DUES - THERE : -THERE])

    @property
    def of_platforms(self) -> "Schedule":
        return replace(self, plans=self.plans[-THERE:])

    @property
    def shop_id(self) -> str:
        return shop_of(self.number)


def shop_of(number: int) -> str:
    """Each schedule has a shop of its own, and its goods: so it is known by every id in it."""
    return f"s{number:05d}"


def provider_of(shop_id: str) -> str:
    """Who is paid for a shop's orders: the providers take turns."""
    return PROVIDERS[int(shop_id[1:]) % len(PROVIDERS)]


def draw(seed: int, number: int) -> Schedule:
    """The orders of all schedules together go round all cells of the matrix."""
    if number in DEATHS:
        return Schedule(seed, number, tuple(_deaths(seed, number)))
    cells = list(ORDER_CELLS)
    random.Random(seed).shuffle(cells)
    rng = random.Random(f"{seed}/{number}")
    plans: list[Plan] = []
    for place in range(ORDERS + (rng.random() < THIRD_ORDER_SHARE)):
        cell = cells[(number * ORDERS + place) % len(cells)]
        rival = bool(plans) and plans[-1].story in SHORT and rng.random() < RIVAL_SHARE
        order_id = OrderId(OWN_SHOP, shop_of(number), str(place + 1))
        quiet = not rival and rng.random() < QUIET_SHARE
        plans.append(_quiet(rng, order_id) if quiet else _plan(rng, cell, order_id, rival=rival))
    plans += _more(seed, number, "refunds", REFUNDS, REFUND_CELLS, len(plans))
    plans += _more(seed, number, "returns", RETURNS, RETURN_CELLS, len(plans))
    plans += _more(seed, number, "dues", DUES, DUE_CELLS, len(plans))
    plans += _more(seed, number, "platforms", THERE, PLATFORM_CELLS, len(plans), BAZAAR)
    return Schedule(seed, number, tuple(plans))


def _more(
    seed: int, number: int, what: str, count: int, of: Sequence[Cell], before: int, channel: str = OWN_SHOP
) -> Iterator[Plan]:
    """Orders whose money goes back; these go round cells of their own."""
    cells = list(of)
    random.Random(seed).shuffle(cells)
    rng = random.Random(f"{seed}/{number}/{what}")
    for place in range(count):
        cell = cells[(number * count + place) % len(cells)]
        order_id = OrderId(channel, shop_of(number), str(before + place + 1))
        yield _plan(rng, cell, order_id, rival=False)


def _deaths(seed: int, number: int) -> Iterator[Plan]:
    """The provider has paid back, and the worker that asked it dies before anything is recorded."""
    for place in range(REFUNDS):
        order_id = OrderId(OWN_SHOP, shop_of(number), str(place + 1))
        yield Plan(order_id, "refunded", (Point(Component.WORKER, Call.PAY_BACK),), (), f"{seed}/{order_id}")


def _plan(rng: random.Random, cell: Cell, order_id: OrderId, *, rival: bool) -> Plan:
    """`rival`: it wants the same rare goods as the order before."""
    stories = [name for name in reaching(cell.point) if STORIES[name].strikes(cell.fault)]
    wanted = [name for name in stories if name in SHORT] if rival else []
    story = rng.choice(wanted or stories)
    strikes = [rng.choice(STORIES[story].strikes(cell.fault)), *_further_strikes(rng, story)]
    crashes = [cell.point, *_further_crash(rng, story, cell.point)]
    if any(STORIES[story].needs_early(point) for point in crashes):
        strikes.append(Strike(Fault.REORDER, Message.NOTICE))
    seed = f"{order_id}/{rng.random()}"
    return Plan(order_id, story, tuple(crashes), tuple(dict.fromkeys(strikes)), seed)


def _quiet(rng: random.Random, order_id: OrderId) -> Plan:
    story = rng.choice(QUIET)
    strikes = STORIES[story].strikes(Fault.DUPLICATE)
    return Plan(order_id, story, tuple(_further_crash(rng, story, None)), strikes, f"{order_id}/{rng.random()}")


def _further_strikes(rng: random.Random, story: str) -> Iterator[Strike]:
    for _ in range(rng.choice(FURTHER_STRIKES)):
        possible = STORIES[story].strikes(rng.choice(list(Fault)))
        if possible:
            yield rng.choice(possible)


def _further_crash(rng: random.Random, story: str, first: Point | None) -> Iterator[Point]:
    points = [point for point in POINTS if STORIES[story].reaches(point) and point != first]
    if points and rng.random() < FURTHER_CRASH_SHARE:
        chosen = rng.choice(points)
        if first is None or not (is_lost_task(chosen) and is_lost_task(first)):
            yield chosen
