"""Parcels, and how far they bring an order. Parcels and lines are many-to-many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.axis import Fulfilment
from domain.stock import Demand


class Coverage(StrEnum):
    NONE = "none"
    PART = "part"
    ALL = "all"


@dataclass(frozen=True)
class ParcelContent:
    line_id: str
    quantity: int


@dataclass(frozen=True)
class Parcel:
    """What is known of one parcel, from messages in any order; a delivered parcel was shipped, whoever said so."""

    parcel_no: str
    carrier: str
    waybill_no: str
    contents: tuple[ParcelContent, ...]
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None

    def joined(self, other: Parcel) -> Parcel:
        """Both reports of one parcel together; the earliest time of each kind stands, whichever came first."""
        return Parcel(
            self.parcel_no,
            self.carrier or other.carrier,
            self.waybill_no or other.waybill_no,
            self.contents or other.contents,
            _earliest(self.shipped_at, other.shipped_at),
            _earliest(self.delivered_at, other.delivered_at),
        )


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def carried(ordered: Collection[str], parcels: Iterable[Parcel]) -> Counter[str]:
    """Units by line in these parcels; those that carry unknown lines don't count."""
    units: Counter[str] = Counter()
    for parcel in parcels:
        if not unknown_lines(ordered, parcel):
            for content in parcel.contents:
                units[content.line_id] += content.quantity
    return units


def coverage(ordered: Mapping[str, int], parcels: Iterable[Parcel]) -> Coverage:
    """How much of the ordered quantities (line id -> units) these parcels carry."""
    left = carried(ordered, parcels)
    if not left:
        return Coverage.NONE
    return Coverage.ALL if all(left[line] >= units for line, units in ordered.items()) else Coverage.PART


def progress(ordered: Mapping[str, int], parcels: Iterable[Parcel]) -> Fulfilment | None:
    """How far these parcels bring an order."""
    parcels = tuple(parcels)
    left = coverage(ordered, parcels)
    if left is Coverage.NONE:
        return None
    if left is Coverage.PART:
        return Fulfilment.PARTLY_SHIPPED
    return {
        Coverage.NONE: Fulfilment.SHIPPED,
        Coverage.PART: Fulfilment.PARTLY_DELIVERED,
        Coverage.ALL: Fulfilment.DELIVERED,
    }[coverage(ordered, [parcel for parcel in parcels if parcel.delivered_at])]


def goods(demands: Iterable[Demand], parcel: Parcel) -> tuple[Demand, ...]:
    """What left the house with this parcel; nothing while it carries a line that nobody ordered."""
    by_line = {demand.line_id: demand for demand in demands}
    if any(each.line_id not in by_line for each in parcel.contents):
        return ()
    return tuple(by_line[each.line_id].units(each.quantity) for each in parcel.contents)


def unknown_lines(ordered: Collection[str], parcel: Parcel) -> tuple[str, ...]:
    return tuple(content.line_id for content in parcel.contents if content.line_id not in ordered)
