"""Bugs that pay back twice, or say so: planted like those of planted.py, and nowhere in the product."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from api import refund_notices
from api.acceptance import Acceptance
from domain import repayment
from domain.refund import Refund, Repayment
from domain.refund_leg import RefundOutcome, Told
from domain.refund_money import Quote
from drill.virtual.outside import Provider
from persistence import refunds
from ports.payments import RefundAnswer, RefundOrder
from ports.refunds import RefundTold
from tests.drill.planted import Bug

Patch = pytest.MonkeyPatch
GIVES_UP_AFTER = timedelta(days=3)


def new_number_per_attempt(patch: Patch) -> None:
    """Each call has a number of its own, as if it were another refund."""
    refund, attempts = Provider.refund, list[str]()

    async def pay_back(self: Provider, order: RefundOrder) -> RefundAnswer:
        attempts.append(order.out_refund_no)
        return await refund(self, replace(order, out_refund_no=f"{order.out_refund_no}_{len(attempts)}"))

    patch.setattr(Provider, "refund", pay_back)


def timeout_taken_for_failure(patch: Patch) -> None:
    """What was not heard has failed: the number is dead, and a new one is tried."""
    answered = repayment.leg_answered

    def hasty(refund: Refund, number: int, told: Told, now: datetime) -> Any:
        unheard = told.outcome is RefundOutcome.UNKNOWN
        return answered(refund, number, Told(RefundOutcome.CLOSED) if unheard else told, now)

    patch.setattr(refunds, "leg_answered", hasty)


def clock_closes_an_unknown_leg(patch: Patch) -> None:
    """Who hears nothing for three days takes it for settled."""
    answered, since = repayment.leg_answered, dict[str, datetime]()

    def impatient(refund: Refund, number: int, told: Told, now: datetime) -> Any:
        if told.outcome is RefundOutcome.UNKNOWN:
            began = since.setdefault(refund.legs[number - 1].out_refund_no, now)
            told = Told(RefundOutcome.CLOSED) if now - began >= GIVES_UP_AFTER else told
        return answered(refund, number, told, now)

    patch.setattr(refunds, "leg_answered", impatient)


def ceiling_counts_only_finished(patch: Patch) -> None:
    """What is open, approved or unclear takes nothing from what can still go back."""

    def finished(self: Refund) -> Quote | None:
        return self.quote if self.ended and self.repayment is Repayment.BACK else None

    patch.setattr(Refund, "counted", property(finished))


def second_writer(patch: Patch) -> None:
    """Who takes a provider's notice writes the leg at once, beside its workflow."""
    tell = refund_notices._tell
    write = text("update refund_legs set state = 'done', done_at = now() where refund_id = :id and number = :number")

    async def write_and_tell(acceptance: Acceptance, fact: RefundTold) -> None:
        async with acceptance.house.engine.begin() as db:
            await db.execute(write, {"id": fact.refund_id, "number": fact.leg})
        await tell(acceptance, fact)

    patch.setattr(refund_notices, "_tell", write_and_tell)


LEGS = "refunds-are-legs"
REFUND_BUGS = (
    Bug("a new number per attempt", new_number_per_attempt, LEGS, 9, of_refunds=True),
    Bug("a timeout taken for a failure", timeout_taken_for_failure, LEGS, 9, of_refunds=True),
    Bug("the clock closes an unknown leg", clock_closes_an_unknown_leg, LEGS, 4, of_refunds=True),
    Bug(
        "the ceiling counts only what is finished",
        ceiling_counts_only_finished,
        "nothing-refused-by-the-record",
        11,
        of_refunds=True,
    ),
    Bug("a second writer", second_writer, "refunds-are-booked", 13, of_refunds=True),
)
