"""Stock: one pool per own sku, and how a shop's skus become ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.errors import InvalidOrder
from domain.money import Money


@dataclass(frozen=True)
class Component:
    """`quantity` units of own `sku` in one unit of a platform sku; `price_weight` shares out a bundle's price."""

    sku: str
    quantity: int
    price_weight: int = 1


@dataclass(frozen=True)
class SkuMatch:
    """One version of (channel, shop, platform sku) -> own skus."""

    version: int
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        if not self.components or any(part.quantity < 1 or part.price_weight < 0 for part in self.components):
            raise InvalidOrder("a sku match needs components with quantities of 1 or more and weights of 0 or more")


@dataclass(frozen=True)
class Demand:
    """Units of one own sku that an order line needs, with the share of the line's cash they carry.

    `dropped` units of them will not come.
    """

    line_id: str
    sku: str
    quantity: int
    cash: Money
    dropped: int = 0

    @property
    def due(self) -> int:
        """Units that the buyer has got or will get."""
        return self.quantity - self.dropped

    @property
    def dropped_cash(self) -> Money:
        """What the dropped units had cost, to the fen: all units dropped one by one give the whole `cash`."""
        return self.cash.allocate([self.due, self.dropped])[1]

    def units(self, count: int) -> Demand:
        """So many of these goods."""
        return replace(self, quantity=count, dropped=0)


def explode(line_id: str, quantity: int, cash: Money, match: SkuMatch) -> tuple[Demand, ...]:
    """A line in own skus; a bundle's price is split by weight to the fen, its parts are lines `2.1`, `2.2`."""
    weights = [part.price_weight * part.quantity for part in match.components]
    shares = cash.allocate(weights if any(weights) else [1] * len(weights))
    single = len(match.components) == 1
    return tuple(
        Demand(line_id if single else f"{line_id}.{n}", part.sku, part.quantity * quantity, share)
        for n, (part, share) in enumerate(zip(match.components, shares, strict=True), start=1)
    )


def units_by_sku(demands: Iterable[Demand]) -> dict[str, int]:
    """Total units per sku, in the order of the sku: locks are taken in this order, so two orders can't deadlock."""
    units: Counter[str] = Counter()
    for demand in demands:
        units[demand.sku] += demand.quantity
    return dict(sorted(units.items()))


def shortage(wanted: Mapping[str, int], available: Mapping[str, int]) -> dict[str, int]:
    """Units missing per sku; empty when all can be reserved."""
    return {sku: units - available.get(sku, 0) for sku, units in wanted.items() if units > available.get(sku, 0)}


def sellable(components: Iterable[Component], available: Mapping[str, int]) -> int:
    """How many units of a platform sku its components suffice for; a sku without a level has none."""
    needed: Counter[str] = Counter()
    for part in components:
        needed[part.sku] += part.quantity
    return min(available.get(sku, 0) // units for sku, units in needed.items())


def there(wanted: Iterable[Demand], free: Mapping[str, int]) -> tuple[Demand, ...]:
    """As many of the wanted units as are free per sku; the lines are served in their order."""
    left = Counter(free)
    served = []
    for demand in wanted:
        units = min(demand.quantity, max(left[demand.sku], 0))
        left[demand.sku] -= units
        if units:
            served.append(demand.units(units))
    return tuple(served)
