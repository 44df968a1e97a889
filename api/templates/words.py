"""The words of the tracking page: one table per language, every table complete by its type and a test."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.progress import Concern, Milestone
from api.templates.refund_words import RefundWords
from api.templates.wish_words import WishWords
from domain.order import Stage
from domain.promise import Actor


@dataclass(frozen=True)
class Words:
    """Braces are filled in by the page."""

    code: str
    other_code: str
    other_name: str
    order_number: str
    skip: str
    headline: Mapping[Stage, str]
    meaning: Mapping[Stage, str]
    upcoming: Mapping[Stage, str]
    milestone: Mapping[Milestone, str]
    actor: Mapping[Actor, str]
    concern: Mapping[Concern, str]
    expected: str
    expected_once_paid: str
    from_history: str
    from_promise: str
    objections_until: str
    overdue: str
    overdue_since: str
    no_range: str
    as_of: str
    updated: str
    refreshes: str
    zone: str
    way: str
    step_done: str
    step_current: str
    step_open: str
    now: str
    coming: str
    pay_until: str
    on_hold: str
    parcels: str
    waybill: str
    left_at: str
    arrived_at: str
    items: str
    shipping: str
    free: str
    gift: str
    total: str
    payments: str
    reference: str
    paid_at: str
    refund: str
    refund_way: str
    all_title: str
    all_explained: str
    tail_label: str
    tail_hint: str
    show: str
    unknown_title: str
    unknown_explained: str
    coming_title: str
    coming_explained: str
    too_many_title: str
    too_many_explained: str
    day: str
    day_of_year: str
    providers: Mapping[str, str]
    carriers: Mapping[str, str]
    zones: Mapping[str, str]
    months: tuple[str, ...]
    of_refunds: RefundWords
    of_wishes: WishWords
