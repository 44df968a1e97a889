"""Caps in the record: fifty legs at once stay below one together; what is over it waits and goes on by itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.approval import Mode, StepPlan, start
from domain.approval_verbs import Deed, approve
from domain.caps import Cap, Loosening, Per
from domain.errors import BrakeRefused, SecondPersonNeeded
from domain.limits import Limits
from domain.reference import OrderId
from domain.refund import Asking
from domain.refund_leg import RefundOutcome, Told
from persistence import caps
from persistence.audit import INSTALLATION, first_bad_entry
from persistence.refunds import PostgresRefunds
from ports.clock import FixedClock
from ports.refunds import ApprovalMoved, LegAnswered, RefundAsked, RefundStep
from tests.builders import NOON, ORDER_ID, capture, order, parcel, placed, reported, settled, yuan
from tests.persistence.test_refunds import ONE, Desk, about

pytestmark = pytest.mark.slow
HOURLY = Cap("hourly", Per.HOUR, yuan("100.00"), provider="alipay")
OPEN = "select string_agg(detail, '; ') from cases where cause = 'cap_reached' and settled_at is null"
LEGS = 50


class Office(Desk):
    """A desk whose clock moves, with somebody who sets caps."""

    def __init__(self, record: AsyncEngine) -> None:
        super().__init__(record)
        self.clock = FixedClock(NOON)
        self.refunds = PostgresRefunds(record, self.clock, Limits())

    async def cap(self, cap: Cap = HOURLY, by: str = "fang") -> Loosening | None:
        async with self.record.begin() as db:
            return await caps.set_cap(db, cap, by, self.clock.now())

    async def uncap(self, name: str = "hourly", by: str = "fang") -> Loosening | None:
        async with self.record.begin() as db:
            return await caps.remove_cap(db, name, by, self.clock.now())

    async def planned(self, refund_id: str) -> None:
        await self.open(ONE, refund_id)
        await self.approve(refund_id)
        await self.refunds.plan(about(refund_id))

    async def held(self, refund_id: str) -> str | None:
        view = await self.refunds.ask_leg(about(refund_id, 1))
        return view.legs[0].leg.held

    async def says(self) -> str | None:
        found: str | None = await self.value(OPEN)
        return found

    async def elsewhere(self, number: int) -> str:
        """An order of its own with a refund of 68.00 that is about to leave."""
        order_id, refund_id = OrderId("shop", "tea", str(2000 + number)), f"m{number}"
        await self.orders.place(placed(order(order_id)))
        await self.orders.record_payment(settled(capture(trade_no=f"T-{number}"), order_id))
        await self.orders.report_parcel(reported(parcel(f"P-{number}", delivered=True), order_id))
        asking = Asking(refund_id, order_id, "shop tea", request=ONE)
        asked = start("shop tea", yuan("68.00"), (StepPlan("support", Mode.ANY, ("lin",)),), NOON)
        signed = approve(asked, 0, Deed("lin", NOON, 1))
        await self.refunds.open(RefundAsked(asking, "damaged", "sealed"))
        await self.refunds.move_approval(ApprovalMoved(refund_id, order_id, "t", 1, signed, "lin", "approve"))
        await self.refunds.plan(RefundStep(refund_id, order_id, "t"))
        return refund_id

    async def ask(self, number: int) -> str | None:
        step = RefundStep(f"m{number}", OrderId("shop", "tea", str(2000 + number)), "t", 1)
        return (await self.refunds.ask_leg(step)).legs[0].leg.held


@pytest.fixture
async def desk(record: AsyncEngine) -> Office:
    opened = Office(record)
    await opened.delivered()
    for refund_id in ("r1", "r2"):
        await opened.planned(refund_id)
    return opened


async def test_over_the_cap_a_leg_waits_and_one_case_says_so_until_the_next_hour(desk: Office) -> None:
    await desk.cap()
    assert [await desk.held(refund_id) for refund_id in ("r1", "r2")] == [None, "cap:hourly"]
    assert await desk.held("r2") == "cap:hourly"
    assert await desk.says() == (
        "hourly: 100.00 CNY an hour by alipay; 1 refund waits with 68.00 CNY,"
        " from 2026-11-22 13:00 CST on, or at once when the cap is raised"
    )
    assert await desk.value("select count(*) from audit_log where step = 'hold_leg'") == 1
    desk.clock.time += timedelta(hours=1)
    assert (await desk.held("r2"), await desk.says()) == (None, None)


async def test_a_raised_cap_and_one_that_is_gone_let_it_go_on(desk: Office) -> None:
    await desk.cap(replace(HOURLY, amount=yuan("10.00")))
    assert [await desk.held(refund_id) for refund_id in ("r1", "r2")] == ["cap:hourly"] * 2
    said = await desk.says()
    assert said is not None
    assert "2 refunds wait with 136.00 CNY" in said
    assert "only a raise lets it go" in said
    more = replace(HOURLY, amount=yuan("68.00"))
    assert await desk.cap(more) == Loosening(more, "fang", NOON)
    assert await desk.held("r1") == "cap:hourly", "one person alone lets nothing leave"
    with pytest.raises(SecondPersonNeeded):
        await desk.cap(more)
    assert await desk.cap(more, "boss") is None
    assert await desk.held("r1") is None
    assert await desk.uncap() == Loosening(None, "fang", NOON)
    assert await desk.uncap(by="boss") is None
    assert await desk.says() is None
    assert await desk.held("r2") is None
    steps = "select string_agg(step || ' ' || actor, ', ' order by seq) from audit_log where order_id = 'installation'"
    assert await desk.value(steps) == (
        "set_money_cap fang, ask_to_set_money_cap fang, set_money_cap boss,"
        " ask_to_remove_money_cap fang, remove_money_cap boss"
    )
    async with desk.record.connect() as db:
        assert await first_bad_entry(db, INSTALLATION) is None


async def test_what_was_asked_for_is_forgotten_when_the_cap_is_set_otherwise(desk: Office) -> None:
    more, less = replace(HOURLY, amount=yuan("500.00")), replace(HOURLY, amount=yuan("10.00"))
    await desk.cap()
    await desk.cap(more)
    assert await desk.cap(less, "lin") is None
    assert await desk.cap(more, "boss") == Loosening(more, "boss", NOON), "nobody asked for more than 10.00 yet"
    async with desk.record.connect() as db:
        (standing,) = await caps.standing(db, NOON)
    assert (standing.cap, standing.asked) == (less, Loosening(more, "boss", NOON))


async def test_a_leg_that_is_asked_again_counts_once_and_what_was_refused_does_not(desk: Office) -> None:
    await desk.cap()
    assert [await desk.held("r1") for _ in range(3)] == [None] * 3
    assert await desk.held("r2") == "cap:hourly"
    await desk.refunds.record_answer(LegAnswered("r1", ORDER_ID, "t", 1, Told(RefundOutcome.REFUSED)))
    assert await desk.held("r2") is None


async def test_a_cap_of_another_provider_or_policy_keeps_nothing(desk: Office) -> None:
    await desk.cap(replace(HOURLY, amount=yuan("1.00"), provider="wechatpay"))
    await desk.cap(replace(HOURLY, name="goodwill", amount=yuan("1.00"), policy="goodwill"))
    assert await desk.held("r1") is None


async def test_fifty_legs_at_once_never_come_to_more_than_the_cap(desk: Office) -> None:
    await asyncio.gather(*(desk.elsewhere(number) for number in range(LEGS)))
    await desk.cap(replace(HOURLY, amount=yuan("700.00")))
    found = await asyncio.gather(*(desk.ask(number) for number in range(LEGS)))
    assert (found.count(None), found.count("cap:hourly")) == (10, LEGS - 10)
    said = await desk.says()
    assert said is not None
    assert "40 refunds wait with 2720.00 CNY" in said
    assert await desk.value("select count(*) from cases where cause = 'cap_reached'") == 1


async def test_a_cap_that_is_not_there_is_not_removed(desk: Office) -> None:
    with pytest.raises(BrakeRefused, match="there is no cap yearly"):
        await desk.uncap("yearly")
