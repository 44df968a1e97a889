"""The record of refunds: two requests at once, each transition and its repeat, the books, the database's guards."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.approval import Mode, StepPlan, start
from domain.approval_verbs import Deed, approve
from domain.case import CaseDecision, Cause, Choice
from domain.limits import Limits
from domain.refund import Asking, Basis, RefundStage
from domain.refund_leg import LegState, RefundOutcome, Told
from domain.refund_money import RefundRequest, Units
from persistence.audit import first_bad_entry
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from persistence.refunds import PostgresRefunds
from ports.clock import FixedClock
from ports.records import CancelRequested
from ports.refunds import ApprovalMoved, LegAnswered, RefundAsked, RefundCaseSettled, RefundStep, RefundView
from tests.builders import NOON, ORDER_ID, parcel, placed, reported, settled, step, yuan

pytestmark = pytest.mark.slow

ALL = RefundRequest(units=(Units("1", 2),), shipping=yuan("8.00"))
ONE = RefundRequest(units=(Units("1", 1),))


class Desk:
    """An order that was paid and delivered, and the record of its refunds."""

    def __init__(self, record: AsyncEngine) -> None:
        clock = FixedClock(NOON)
        self.record = record
        self.orders = PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())
        self.refunds = PostgresRefunds(record, clock, Limits())

    async def delivered(self) -> None:
        await self.orders.place(placed())
        await self.orders.record_payment(settled())
        await self.orders.reserve_stock(step())
        await self.orders.report_parcel(reported(parcel(delivered=True)))

    async def open(self, request: RefundRequest = ALL, refund_id: str = "r1", **more: Any) -> RefundView:
        asking = Asking(refund_id, ORDER_ID, "shop tea", request=request, **more)
        return await self.refunds.open(RefundAsked(asking, "damaged", "sealed"))

    async def approve(self, refund_id: str = "r1") -> RefundView:
        view = await self.refunds.load(about(refund_id))
        assert view.amount is not None
        asked = start("shop tea", view.amount, (StepPlan("support", Mode.ANY, ("lin",)),), NOON)
        signed = approve(asked, 0, Deed("lin", NOON, 1))
        await self.refunds.move_approval(ApprovalMoved(refund_id, ORDER_ID, "t", 1, asked, "workflow", "route"))
        return await self.refunds.move_approval(ApprovalMoved(refund_id, ORDER_ID, "t", 2, signed, "lin", "approve"))

    async def asked(self, refund_id: str = "r1") -> RefundView:
        """Approved, planned, and its first leg asked for."""
        await self.approve(refund_id)
        await self.refunds.plan(about(refund_id))
        return await self.refunds.ask_leg(about(refund_id, 1))

    async def told(self, outcome: RefundOutcome, leg: int = 1, **more: Any) -> RefundView:
        return await self.refunds.record_answer(LegAnswered("r1", ORDER_ID, "t", leg, Told(outcome, **more)))

    async def value(self, sql: str) -> Any:
        async with self.record.connect() as db:
            return (await db.execute(text(sql))).scalar_one()

    async def run(self, statement: str) -> None:
        async with self.record.begin() as db:
            await db.execute(text(statement))

    async def balances(self) -> Mapping[str, int]:
        async with self.record.connect() as db:
            rows = await db.execute(text("select account, sum(amount_minor)::int from ledger_postings group by 1"))
            return {row[0]: row[1] for row in rows if row[1]}


def about(refund_id: str = "r1", leg: int = 0) -> RefundStep:
    return RefundStep(refund_id, ORDER_ID, f"refund/{refund_id}/step", leg)


@pytest.fixture
async def desk(record: AsyncEngine) -> Desk:
    opened = Desk(record)
    await opened.delivered()
    return opened


async def test_of_two_requests_at_once_that_together_exceed_the_second_is_refused_with_the_maximum(desk: Desk) -> None:
    first, second = await asyncio.gather(desk.open(refund_id="r1"), desk.open(refund_id="r2"))
    refused, taken = sorted((first, second), key=lambda each: each.stage is not RefundStage.REFUSED)
    assert (taken.stage, taken.amount) == (RefundStage.AWAITING_APPROVAL, yuan("144.00"))
    assert refused.refusal == "line 1: at most 0 can still go back, 0.00 CNY"
    again = await desk.open(refund_id=refused.refund_id)
    assert again == refused


async def test_the_amount_that_decides_who_signs_is_that_of_all_the_orders_refunds(desk: Desk) -> None:
    assert (await desk.open(ONE)).together == yuan("68.00")
    assert (await desk.open(ONE, "r2")).together == yuan("136.00")


async def test_money_goes_back_once_and_the_books_say_so(desk: Desk) -> None:
    await desk.open()
    view = await desk.asked()
    assert [(each.leg.out_refund_no, each.out_trade_no, each.captured) for each in view.legs] == [
        ("tea_1001_r1_1", "tea_1001", yuan("144.00"))
    ]
    for _ in range(2):
        view = await desk.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("144.00"), at=NOON)
    assert (view.stage, view.ended) == (RefundStage.PAID_BACK, True)
    assert await desk.balances() == {}
    assert await desk.value("select count(*) from ledger_entries where kind = 'refunded'") == 1
    assert await desk.value("select refunded_minor from order_money") == 14400
    async with desk.record.connect() as db:
        assert await first_bad_entry(db, str(ORDER_ID)) is None


async def test_every_step_repeated_writes_nothing_more(desk: Desk) -> None:
    counts = []
    for _ in range(2):
        await desk.open()
        await desk.approve()
        await desk.refunds.plan(about())
        counts.append([await desk.value(f"select count(*) from {table}") for table in ("refund_legs", "audit_log")])
    for _ in range(2):
        await desk.refunds.ask_leg(about(leg=1))
    for _ in range(2):
        await desk.told(RefundOutcome.UNKNOWN)
    assert counts == [[1, 7], [1, 7]]
    assert await desk.value("select count(*) from audit_log") == 9


async def test_without_an_approval_no_leg_comes_to_be_and_the_step_waits_for_a_person(desk: Desk) -> None:
    await desk.open()
    view = await desk.refunds.plan(about())
    assert [case.cause for case in view.cases] == [Cause.STEP_REFUSED]
    assert view.legs == ()
    assert (await desk.orders.load(step())).cases == (), "the order does not stand still for its refund"
    await desk.approve()
    assert (await desk.refunds.plan(about())).cases == ()


async def test_a_refused_leg_is_a_case_and_a_retry_asks_with_the_same_number(desk: Desk) -> None:
    await desk.open()
    await desk.asked()
    (case,) = (await desk.told(RefundOutcome.REFUSED, code="TRADE_CLOSED")).cases
    assert (case.cause, case.subject) == (Cause.REFUND_REFUSED, "tea_1001_r1_1")
    decision = CaseDecision(case.case_id, Choice.RETRY, "lin", "the provider has mended it")
    for _ in range(2):
        view = await desk.refunds.settle_case(RefundCaseSettled("r1", ORDER_ID, decision))
    assert [(each.leg.state, each.leg.out_refund_no) for each in view.legs] == [(LegState.ASKED, "tea_1001_r1_1")]
    assert view.cases == ()


async def test_what_a_person_gives_up_ends_the_refund_and_may_be_asked_for_anew(desk: Desk) -> None:
    await desk.open()
    await desk.asked()
    (case,) = (await desk.told(RefundOutcome.REFUSED)).cases
    decision = CaseDecision(case.case_id, Choice.CANCEL, "lin", "the buyer gets it in the shop")
    view = await desk.refunds.settle_case(RefundCaseSettled("r1", ORDER_ID, decision))
    assert (view.stage, view.ended) == (RefundStage.NOT_PAID_BACK, True)
    assert (await desk.open(refund_id="r2")).amount == yuan("144.00")


async def test_what_contradicts_the_record_is_booked_nowhere_and_waits_for_a_person(desk: Desk) -> None:
    await desk.open()
    await desk.asked()
    view = await desk.told(RefundOutcome.DONE, amount=yuan("1.00"))
    assert [case.cause for case in view.cases] == [Cause.STEP_REFUSED]
    assert view.legs[0].leg.state is LegState.ASKED
    assert await desk.value("select count(*) from ledger_entries where kind = 'refunded'") == 0


async def test_what_is_due_after_a_cancellation_goes_back_from_what_is_owed(record: AsyncEngine) -> None:
    desk = Desk(record)
    await desk.orders.place(placed())
    await desk.orders.record_payment(settled())
    assert "cancel the order" in (await desk.open(RefundRequest(shipping=yuan("8.00")), "too_early")).refusal
    await desk.orders.request_cancellation(CancelRequested(ORDER_ID, "buyer", "changed my mind"))
    await desk.orders.stop(step())
    await desk.open(RefundRequest(), basis=Basis.DUE)
    await desk.asked()
    await desk.told(RefundOutcome.DONE)
    assert await desk.balances() == {}
    assert await desk.value("select refund_due_minor || ' ' || refunded_minor from order_money") == "0 14400"


LEG = (
    "insert into refund_legs select '{refund}', 1, '{no}', provider, account, trade_no, currency, {amount}, 0, 'asked'"
)
LEG += ", null, null, null, now(), now(), null from payments"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (LEG.format(refund="r2", no="tea_1001_r1_1", amount=1), "uq_refund_legs_out_refund_no"),
        (LEG.format(refund="r2", no="tea_1001_r2_1", amount=1), "its legs come to 14401"),
        ("update refund_legs set amount_minor = 1", "refund_legs is append-only"),
        ("delete from refund_legs", "refund_legs is append-only"),
        ("update refunds set amount_minor = 800", "ck_refunds_approved_as_it_is"),
        ("update refunds set decision = 'approved'", "ck_refunds_approved_as_it_is"),
        ("update order_money set refunded_minor = 14401", "ck_order_money_due_within_captured"),
    ],
)
async def test_the_database_itself_refuses_a_second_movement(desk: Desk, statement: str, why: str) -> None:
    await desk.open()
    await desk.asked()
    await desk.open(ONE, "r2")
    with pytest.raises(IntegrityError, match=why):
        await desk.run(statement)
