"""Bugs that pay back twice, or say so: planted like those of planted.py, and nowhere in the product."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from api import refund_notices
from api.acceptance import Acceptance
from domain import platform_refund, repayment, returns
from domain.after_sale import AfterSale, SaleState
from domain.order import Order
from domain.refund import Refund, Repayment
from domain.refund_leg import RefundOutcome, Told
from domain.refund_money import Quote
from domain.returns import Return, Returned, ReturnedGoods
from drill.virtual.outside import Provider
from persistence import refund_rows, refunds
from persistence.refund_transition import Ground
from persistence.refunds import PostgresRefunds
from ports.payments import RefundAnswer, RefundOrder
from ports.records import RefundMoved
from ports.refunds import RefundAsked, RefundTold, RefundView
from runtime.messenger import TemporalMessenger
from tests.drill.planted import Bug

Patch = pytest.MonkeyPatch
A_MOMENT_SECONDS = 0.3  # in which others do the same
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


def processing_taken_for_done(patch: Patch) -> None:
    """What the provider has only accepted is told as paid back."""
    answered = repayment.leg_answered

    def early(refund: Refund, number: int, told: Told, now: datetime) -> Any:
        if told.outcome is RefundOutcome.PROCESSING:
            leg = refund.legs[number - 1]
            told = Told(RefundOutcome.DONE, told.refund_no or leg.out_refund_no, leg.amount, now)
        return answered(refund, number, told, now)

    patch.setattr(refunds, "leg_answered", early)


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


def approval_version_ignored(patch: Patch) -> None:
    """What was signed for counts for another amount too."""

    def careless(refund: Refund, quote: Quote) -> Refund:
        return replace(refund, quote=quote, approved=(quote.amount, refund.version))

    patch.setattr(returns, "_worth", careless)


def restock_everything(patch: Patch) -> None:
    """Whatever comes back is sold again, damaged or not."""
    looked_at = returns.received

    def received(order: Order, refund: Refund, back: Return, goods: Iterable[ReturnedGoods], now: datetime) -> Returned:
        found = tuple(goods)
        came = looked_at(order, refund, back, found, now)
        skus = {each.line_id: each for each in returns.to_come_back(order, refund)}
        stock = tuple(skus[each.line_id].units(each.good + each.damaged) for each in found)
        units = Counter[str]()
        for each in stock:
            units[each.sku] += each.quantity
        return replace(came, back=replace(came.back, restocked=dict(units)), restocked=stock)

    patch.setattr(returns, "received", received)


def check_then_insert(patch: Patch) -> None:
    """What else counts is looked up first; by the time that the refund is written, another one may stand there."""
    known: ContextVar[frozenset[str]] = ContextVar("known")
    opened = PostgresRefunds.open

    async def open_later(self: PostgresRefunds, fact: RefundAsked) -> RefundView:
        async with self._engine.connect() as db:
            known.set(frozenset(await refund_rows.load_all(db, fact.order_id)))
        await asyncio.sleep(A_MOMENT_SECONDS)
        return await opened(self, fact)

    def seen_before(here: Ground) -> list[Refund]:
        seen = known.get(None)
        others = (each.refund for refund_id, each in here.all.items() if refund_id != here.refund_id)
        return [each for each in others if seen is None or each.refund_id in seen]

    patch.setattr(PostgresRefunds, "open", open_later)
    patch.setattr(Ground, "others", property(seen_before))


def surplus_by_the_first_trade(patch: Patch) -> None:
    """What was paid once too often goes back by the trade that was wanted."""
    patch.setattr(repayment, "surplus", lambda *_: ())


def order_never_told(patch: Patch) -> None:
    """The money is back, and the order's case about it waits for ever."""
    tell = TemporalMessenger.tell_order

    async def tell_of_its_beginning(self: TemporalMessenger, fact: RefundMoved) -> None:
        if fact.is_open:
            await tell(self, fact)

    patch.setattr(TemporalMessenger, "tell_order", tell_of_its_beginning)


def agreed_taken_for_paid(patch: Patch) -> None:
    """A marketplace has agreed, and that is told as paid back."""
    paid = platform_refund._paid_there

    def hasty(refund: Refund, told: AfterSale, order: Order, others: Iterable[Refund], now: datetime) -> Any:
        return paid(refund, replace(told, state=SaleState.SUCCEEDED, done_at=told.done_at or now), order, others, now)

    patch.setattr(platform_refund, "_paid_there", hasty)


REFUNDS, RETURNS, DUES, PLATFORMS = "of_refunds", "of_returns", "of_dues", "of_platforms"
LEGS = "refunds-are-legs"
REFUSED = "nothing-refused-by-the-record"
AHEAD = "page-never-ahead-of-the-provider"
DUE = "due-money-goes-back"
REFUND_BUGS = (
    Bug("a new number per attempt", new_number_per_attempt, LEGS, 9, part=REFUNDS),
    Bug("a timeout taken for a failure", timeout_taken_for_failure, LEGS, 9, part=REFUNDS),
    Bug("processing taken for done", processing_taken_for_done, AHEAD, 2, part=REFUNDS),
    Bug("the clock closes an unknown leg", clock_closes_an_unknown_leg, LEGS, 4, part=REFUNDS),
    Bug(
        "the ceiling counts only what is finished",
        ceiling_counts_only_finished,
        REFUSED,
        11,
        part=REFUNDS,
    ),
    Bug("a second writer", second_writer, "refunds-are-booked", 13, part=REFUNDS),
    Bug("approval version ignored", approval_version_ignored, "refunds-are-approved", 0, part=RETURNS),
    Bug("restock everything", restock_everything, "returned-stock-was-good", 0, part=RETURNS),
    Bug("check then insert a refund", check_then_insert, REFUSED, 2, part=RETURNS),
    Bug("surplus goes back by the first trade", surplus_by_the_first_trade, DUE, 1, part=DUES),
    Bug("the order is never told that its money is back", order_never_told, DUE, 0, part=DUES),
    Bug("agreed there taken for paid there", agreed_taken_for_paid, AHEAD, 0, part=PLATFORMS),
)
