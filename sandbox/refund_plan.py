"""Who asks for money back in an hour of trade, and what becomes of it: drawn from the seed of the hour."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.faults import Fault, Place, Planted
from sandbox.shop.orders import Line, Order

GIFT_BOX = "TEA-GIFTBOX"  # its parts come back one by one: not for people who send back a line
SMALL_MINOR = 20_000
"""Up to so much one supervisor decides."""
TIMES_BROKEN = 2


class Story(StrEnum):
    SMALL = "small"  # one supervisor signs
    LARGE = "large"  # the finance manager signs
    COUNTERSIGNED = "countersigned"  # both sign
    REMINDED = "reminded"  # nobody looks at it until the superior is told, who decides
    REFUSED = "refused"  # by the supervisor
    WITHDRAWN = "withdrawn"  # by the buyer
    TOO_MUCH = "too_much"  # more units than there were: refused at once, with the maximum
    RETURNED = "returned"  # the goods come back, all good
    RETURNED_DAMAGED = "returned_damaged"  # one of them is not, and something is taken off
    UNSHIPPED = "unshipped"  # the whole order, before it leaves
    ANSWER_LOST = "answer_lost"  # the provider paid and its answer never came
    PROVIDER_BROKEN = "provider_broken"  # it answers 500 until it works again


@dataclass(frozen=True)
class Part:
    """`count` is for so many orders as the hour's basis. `unshipped`: asked for before anything leaves.

    `whole`: all units of the order instead of one. `breaks`: what the provider does when the money is asked for.
    """

    count: int
    unshipped: bool = False
    whole: bool = False
    reason: str = "damaged"
    comes_back: bool = False
    breaks: tuple[Fault, ...] = ()


PARTS = {
    Story.REMINDED: Part(3, unshipped=True, reason="changed_mind"),
    Story.COUNTERSIGNED: Part(3, unshipped=True, reason="counterfeit"),
    Story.UNSHIPPED: Part(5, unshipped=True, whole=True, reason="changed_mind"),
    Story.ANSWER_LOST: Part(4, unshipped=True, breaks=(Fault.CUT, Fault.LATE_ERROR)),
    Story.PROVIDER_BROKEN: Part(3, unshipped=True, breaks=(Fault.SERVER_ERROR,)),
    Story.RETURNED_DAMAGED: Part(2, comes_back=True),
    Story.RETURNED: Part(3, comes_back=True, reason="changed_mind"),
    Story.LARGE: Part(4, whole=True),
    Story.SMALL: Part(6),
    Story.REFUSED: Part(2, reason="changed_mind"),
    Story.WITHDRAWN: Part(2, reason="changed_mind"),
    Story.TOO_MUCH: Part(2),
}


@dataclass(frozen=True)
class RefundWish:
    """`units`: by line id."""

    story: Story
    order: Order
    units: dict[str, int]

    @property
    def part(self) -> Part:
        return PARTS[self.story]

    @property
    def is_return(self) -> bool:
        return self.part.comes_back

    def planted(self, number: int) -> Iterator[Planted]:
        """`number` takes the ways of breaking in turn."""
        if self.story is Story.RETURNED_DAMAGED:
            yield Planted(Place.PARCEL, Fault.RETURN_DAMAGED, self.order.reference)
        if self.part.breaks:
            fault = self.part.breaks[number % len(self.part.breaks)]
            times = TIMES_BROKEN if fault is Fault.SERVER_ERROR else 1
            yield Planted(Place.REFUND, fault, self.order.out_trade_no, times)


def draw_refunds(
    rng: random.Random, arriving: Sequence[Order], scaled: Callable[[int], int]
) -> tuple[list[RefundWish], list[Planted]]:
    """`arriving`: the hour's orders as they come; those who wait for a parcel are among the first of them.

    `scaled` says how many there are of a story.
    """
    free = [order for order in arriving if _is_plain(order)]
    wishes: list[RefundWish] = []
    planted: list[Planted] = []
    for story, part in PARTS.items():
        for number in range(scaled(part.count)):
            fitting = [order for order in free if _fits(story, order)]
            if not fitting:
                break
            early = fitting[: max(1, len(fitting) // 4)] if not part.unshipped else fitting[: 1 + len(fitting) // 2]
            order = rng.choice(early)
            free.remove(order)
            wish = RefundWish(story, order, _units(story, order))
            wishes.append(wish)
            planted += wish.planted(number)
    return wishes, planted


def _is_plain(order: Order) -> bool:
    gifts = any(line.gift_of is not None or line.platform_sku == GIFT_BOX for line in order.lines)
    return order.fault is None and not gifts and not order.is_told_early


def _fits(story: Story, order: Order) -> bool:
    if story is Story.LARGE:
        return order.amount_minor - order.shipping_minor > SMALL_MINOR
    if story is Story.RETURNED_DAMAGED:
        return order.lines[0].amount_minor <= SMALL_MINOR
    return PARTS[story].whole or _a_unit(order.lines[0]) <= SMALL_MINOR


def _a_unit(line: Line) -> int:
    return line.list_price_minor


def _units(story: Story, order: Order) -> dict[str, int]:
    first = order.lines[0]
    if PARTS[story].whole:
        return {line.line_id: line.quantity for line in order.lines}
    if story is Story.RETURNED_DAMAGED:
        return {first.line_id: first.quantity}
    return {first.line_id: first.quantity + 1 if story is Story.TOO_MUCH else 1}
