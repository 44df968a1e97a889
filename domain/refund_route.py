"""Until when, and how often, money goes back by the route of its payment, as each provider's documentation has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.payment import Capture
from domain.refund_leg import Leg, LegState

A_YEAR = timedelta(days=365)
NEVER_THERE = (LegState.PLANNED, LegState.TO_BE_CONFIRMED)
"""Legs of which their provider has not heard."""


@dataclass(frozen=True)
class RouteLimits:
    """`most`: refunds of one payment."""

    open_for: timedelta
    most: int | None = None


LIMITS: Mapping[str, RouteLimits] = {"alipay": RouteLimits(A_YEAR), "wechatpay": RouteLimits(A_YEAR, most=50)}


def route_gone(capture: Capture, legs: Iterable[Leg], now: datetime) -> str | None:
    """Why nothing more goes back by this payment's route; `legs` are all of its order, of every refund.

    What its provider has under way already still comes to its end.
    """
    limits = LIMITS.get(capture.provider)
    if limits is None:
        return None
    if now - capture.paid_at > limits.open_for:
        return f"paid on {capture.paid_at:%Y-%m-%d}, and refunds end after {limits.open_for.days} days"
    there = sum(leg.payment == capture.key and leg.said_by is None and leg.state not in NEVER_THERE for leg in legs)
    if limits.most is not None and there >= limits.most:
        return f"{there} refunds of this payment, and {limits.most} is the most"
    return None
