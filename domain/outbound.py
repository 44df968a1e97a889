"""Outbound orders: what the warehouse was given of an order. The first is number 1; a split order has a 2, 3 ..."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outbound:
    """`contents`: {line id: units}. `stopped`: the warehouse said that nothing of it left and nothing will.

    `outside`: it left another way, by a person's word; the warehouse never had it and can't stop it.
    """

    number: int
    contents: Mapping[str, int]
    stopped: bool = False
    outside: bool = False


@dataclass(frozen=True)
class StopWish:
    """A refund wants that these units do not leave: {line id of the order: units}."""

    refund_id: str
    units: Mapping[str, int]


def handed_over(outbound: Iterable[Outbound]) -> Counter[str]:
    """Units by line that are with the warehouse, or have left it."""
    units: Counter[str] = Counter()
    for each in outbound:
        if not each.stopped:
            units.update(each.contents)
    return units
