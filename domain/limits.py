"""The time limits of the SOP (docs/sop.md). Settings may change them; the demo divides them all by its time scale."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Self


@dataclass(frozen=True)
class Limits:
    """`attempts_*` shape the retries of one outside call, `levels_*` and `outbox_kept` the telling of stock levels,
    `refund_*` the asking for one leg of a refund, `return_*` goods that come back.

    The rest are stages of an order.
    """

    ask_provider_after: timedelta = timedelta(minutes=2)  # then at doubling intervals until the window ends
    order_must_follow_within: timedelta = timedelta(minutes=30)
    completes_after_delivery: timedelta = timedelta(days=7)
    attempts_first_pause: timedelta = timedelta(seconds=1)
    attempts_longest_pause: timedelta = timedelta(minutes=10)
    attempts_end: timedelta = timedelta(hours=2)
    case_decision: timedelta = timedelta(hours=24)
    reminded_again: timedelta = timedelta(days=1)  # the last superior, while it is open; no level waits longer
    reminders_every: timedelta = timedelta(minutes=1)  # somebody looks whether one is due
    levels_longest_pause: timedelta = timedelta(minutes=1)
    levels_late: timedelta = timedelta(minutes=30)  # a shop that has taken no level for so long becomes a case
    levels_told_anew: timedelta = timedelta(days=1)  # all of them, to every shop
    outbox_kept: timedelta = timedelta(days=1)
    refund_first_pause: timedelta = timedelta(seconds=10)  # until a provider is asked again; doubles each time
    refund_longest_pause: timedelta = timedelta(hours=6)
    refund_short_pause: timedelta = timedelta(minutes=15)  # the longest until an empty account is tried again
    refund_held_pause: timedelta = timedelta(minutes=2)  # the longest until money that we keep ourselves is looked at
    return_window: timedelta = timedelta(days=7)  # the buyer's, from the approval until the goods are sent
    return_received_within: timedelta = timedelta(days=10)  # from the waybill until the warehouse has inspected them
    platform_margin: timedelta = timedelta(hours=1)  # so long before a marketplace's deadline we act
    red_letter: timedelta = timedelta(days=5)  # from money that went back until its invoice is reversed
    refund_unclear_after: timedelta = timedelta(days=3)  # then a person, too, asks what became of the money

    def scaled(self, factor: float) -> Self:
        """All limits divided by `factor`; 1 is real time."""
        return replace(self, **{field.name: getattr(self, field.name) / factor for field in fields(self)})
