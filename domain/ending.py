"""How an order ends early: unpaid or cancelled, as a whole or as far as it has not left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from domain.axis import AFTER_SALE_MOVES, FULFILMENT_MOVES, AfterSale, Fulfilment, move
from domain.backorder import drop
from domain.case import Cause, Choice, NewCase
from domain.money import Money, total_by_currency
from domain.order import Cancellation, Change, Order, due_back
from domain.payment import Capture, surplus

AFTER_SALE_BEGUN = {each: each for each in AfterSale} | {AfterSale.NONE: AfterSale.REQUESTED}


def after_sale(order: Order, *, is_open: bool) -> Change:
    """What a refund makes of the after-sale axis: open while one runs, resolved once none does."""
    reached = AfterSale.REQUESTED if is_open else AfterSale.RESOLVED
    begun = order.after_sale if is_open else AFTER_SALE_BEGUN[order.after_sale]
    return Change(replace(order, after_sale=move(AFTER_SALE_MOVES, begun, reached)))


def request_cancellation(order: Order) -> Change:
    """Noted first; whether it comes in time is decided by the warehouse's answer, not by us."""
    if order.cancellation is not Cancellation.NONE or order.fulfilment is Fulfilment.STOPPED:
        return Change(order)
    if order.fulfilment is Fulfilment.COMPLETED:
        return cancel_too_late(order)
    return Change(replace(order, cancellation=Cancellation.REQUESTED))


def decide(order: Order, cause: Cause, choice: Choice) -> Change:
    """What a person's choice in a case makes of the order itself; the workflow sees to everything else."""
    if choice is Choice.SPLIT and order.awaits_push:
        return Change(replace(order, split=True))
    if choice is Choice.CANCEL and cause is Cause.OUT_OF_STOCK and order.outbound:
        return drop(order)  # what went ahead goes on
    return request_cancellation(order) if choice is Choice.CANCEL else Change(order)


def stop(order: Order) -> Change:
    """Nothing will leave: the stock is free again, and all captured money is due back.

    Goods that left in spite of it turn the wish into a return.
    """
    if order.fulfilment is Fulfilment.STOPPED:
        return Change(order)
    if Fulfilment.STOPPED not in FULFILMENT_MOVES[order.fulfilment]:
        return cancel_too_late(order)
    if any(each.outside for each in order.outbound):
        return cancel_too_late(order, [each.number for each in order.outbound])
    stopped = replace(
        order,
        fulfilment=move(FULFILMENT_MOVES, order.fulfilment, Fulfilment.STOPPED),
        cancellation=Cancellation.DONE if order.cancellation is Cancellation.REQUESTED else order.cancellation,
        reserved={},
        outbound=tuple(replace(each, stopped=True) for each in order.outbound),
        holds=(),
    )
    due = tuple(_not_yet_due(order))
    entries = tuple(due_back(order, capture, amount) for capture, amount in due)
    amounts = " + ".join(map(str, total_by_currency(amount for _, amount in due)))
    cases = (NewCase(Cause.REFUND_DUE, str(order.id), f"{amounts} is due back to the buyer"),) if due else ()
    return Change(stopped, entries, cases, releases_stock=True)


def _not_yet_due(order: Order) -> Iterator[tuple[Capture, Money]]:
    """All captured money, but for what is due back already: surplus, and the share of a rest that was dropped."""
    before, too_much = order.dropped_cash, surplus(order.plan, order.captures)
    for capture in order.captures:
        if capture in too_much:
            continue
        left = capture.amount
        if capture.matched:
            share = min(before, left - order.freight_of(capture.part))
            before, left = before - share, left - share
        if left.amount_minor:
            yield capture, left


def cancel_too_late(order: Order, stopped: Collection[int] = ()) -> Change:
    """The goods had left: the wish to cancel becomes a return. What had not left, or was `stopped`, is dropped."""
    if order.cancellation is Cancellation.TOO_LATE:
        return Change(order)
    case = NewCase(Cause.RETURN_REQUESTED, str(order.id), "the buyer cancelled after the goods had left")
    requested = move(AFTER_SALE_MOVES, order.after_sale, AfterSale.REQUESTED)
    rest = drop(order, stopped)
    late = replace(rest.order, cancellation=Cancellation.TOO_LATE, after_sale=requested)
    return replace(rest, order=late, cases=(case, *rest.cases))
