"""Orders in the middle of their way, each brought there by the facts that lead there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain import backorder, ending
from domain import order as orders
from domain.order import Change, Order
from domain.shipment import Parcel, ParcelContent
from domain.stock import Component, SkuMatch, explode
from tests.builders import NOON, capture, line, order, parcel, yuan

LATER = NOON + timedelta(days=1)


def two_lines(**more: Any) -> Order:
    """Two packs of tea, one cup and freight: 174.00 CNY."""
    return matched(order(lines=(line("1"), line("2", "CUP-WHITE", 1, "30.00")), **more))


def matched(what: Order | None = None) -> Order:
    """Every line is one own sku."""
    what = what or order()
    demands = [
        demand
        for each in what.lines
        for demand in explode(each.line_id, each.quantity, each.cash, SkuMatch(1, (Component(each.platform_sku, 1),)))
    ]
    return replace(what, demands=tuple(demands))


def paid(what: Order | None = None) -> Order:
    """Every part is paid by its own trade `trade-1`, `trade-2`, ..."""
    what = what or matched()
    for part in what.plan:
        money = replace(capture(trade_no=f"trade-{part.part}", part=part.part), amount=part.amount)
        what = orders.capture_payment(what, money).order
    return what


def reserving(what: Order) -> Change:
    """There is enough of everything."""
    return orders.reserved(what, backorder.wanted(what))


def reserved(what: Order | None = None) -> Order:
    return reserving(paid(what)).order


def pushed(what: Order | None = None) -> Order:
    return orders.pushed(reserved(what)).order


def shipped(what: Order | None = None) -> Order:
    return orders.report_parcel(pushed(what), parcel()).order


def delivered(what: Order | None = None) -> Order:
    return orders.report_parcel(shipped(what), parcel(delivered=True, at=LATER)).order


def completed() -> Order:
    return orders.complete(delivered()).order


def cancelled(what: Order) -> Order:
    """The buyer's wish, and the warehouse's yes."""
    return ending.stop(ending.request_cancellation(what).order).order


def mixed_parcel(parcel_no: str, units: dict[str, int], *, delivered: bool = False) -> Parcel:
    """`units` by line id."""
    contents = tuple(ParcelContent(line_id, count) for line_id, count in units.items())
    return replace(parcel(parcel_no, delivered=delivered, at=LATER if delivered else NOON), contents=contents)


def received(what: Order) -> str:
    """All captured money."""
    return str(sum((each.amount for each in what.captures), start=yuan("0")))
