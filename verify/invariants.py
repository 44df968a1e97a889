"""Every invariant there is. A new one is a function in the file of its theme and a line here.

Its name is the function's, in kebab-case; its sentence is the first line of its docstring.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from verify import (
    audit,
    endings,
    events,
    goods,
    ledger,
    legs,
    messages,
    money,
    orders,
    parcels,
    platforms,
    pushes,
    stock,
)
from verify.comparison import Comparison, Invariant
from verify.dump import Dump
from verify.record import Record, opened

Check = Callable[[Dump, Record], Comparison]

INVARIANTS: tuple[Check, ...] = (
    orders.shop_orders,
    orders.order_lines,
    orders.demands_follow_lines,
    money.captured_money,
    money.silent_trades_found,
    money.ended_trades_closed,
    messages.refused_messages,
    messages.refused_without_effect,
    messages.quarantined_messages,
    messages.acknowledged_messages,
    events.accepted_events_end,
    events.cases_have_owners,
    pushes.pushed_orders,
    pushes.one_key_per_push,
    pushes.only_paid_orders_pushed,
    pushes.paid_orders_pushed,
    pushes.pushed_content,
    pushes.every_unit_goes_once,
    parcels.parcels,
    stock.reserved_stock,
    stock.shipped_units,
    stock.shop_levels,
    stock.stock_on_hand,
    ledger.balanced_entries,
    ledger.receivable_is_captured,
    ledger.order_money,
    ledger.stopped_orders_owe_all,
    ledger.dropped_units_owe,
    ledger.held_apart_money,
    legs.asked_refunds,
    legs.refunds_are_legs,
    legs.one_refund_per_number,
    legs.legs_within_payments,
    legs.refunds_are_approved,
    legs.refunds_are_booked,
    platforms.paid_back_there,
    platforms.agreed_as_approved,
    goods.unshipped_goods_were_stopped,
    goods.paid_back_goods_had_left,
    goods.returned_stock_was_good,
    goods.money_waits_for_returns,
    endings.ended_orders_do_not_wait,
    endings.stopped_orders_stay,
    endings.cancellations_decided,
    audit.audit_chains,
    audit.audited_payments,
    audit.axes_follow_audit,
    audit.axes_never_go_back,
)


def name_of(invariant: Check) -> str:
    return invariant.__name__.replace("_", "-")


def sentence_of(invariant: Check) -> str:
    return (invariant.__doc__ or "").strip().partition("\n")[0]


def check(
    dump: Mapping[str, Any], database_url: str, *, app_ids: Collection[str] = (), seller_ids: Collection[str] = ()
) -> list[Invariant]:
    """All invariants, in the order of the list. `app_ids` and `seller_ids` say whose trades are ours; without: all."""
    seen = Dump(dump, app_ids, seller_ids)
    with opened(database_url) as record:
        return [_judged(invariant, invariant(seen, record)) for invariant in INVARIANTS]


def _judged(invariant: Check, comparison: Comparison) -> Invariant:
    evidence = {"sentence": sentence_of(invariant), **comparison.evidence()}
    return Invariant(name_of(invariant), comparison.held, evidence)
