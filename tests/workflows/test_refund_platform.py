"""A refund whose money a marketplace moves, in virtual time: who decides first, deadlines, and one movement."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.after_sale import AtDeadline, DecidedBy, SaleState
from domain.case import Cause, Choice
from domain.policy import SHIPPED
from domain.refund import RefundStage
from persistence import policies
from ports.after_sales import SaleOutcome
from tests.builders import yuan
from tests.workflows.platform_world import NUMBER, PlatformWorld

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(platform_world: PlatformWorld) -> PlatformWorld:
    await platform_world.arrived()
    return platform_world


async def test_our_approval_is_its_agree_and_its_success_is_booked_against_what_it_owes(world: PlatformWorld) -> None:
    await world.asks()
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.until_tasks()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert [call.transaction_id for call in world.platform.calls] == ["refund/bazaar-tea-AS-1/agree"]
    assert world.provider.refunded == {}
    assert await world.booked() == [-14400]
    assert await world.column("select refunded_minor from order_money") == [14400]


async def test_an_agree_whose_answer_is_lost_is_asked_about_and_its_money_moves_once(world: PlatformWorld) -> None:
    world.platform.script = [SaleOutcome.UNKNOWN]
    await world.asks()
    await world.until_tasks()
    await world.act("approve", "lin")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert [call.verb for call in world.platform.calls] == ["agree", "ask"]
    assert await world.booked() == [-14400]


async def test_it_is_asked_until_it_says_that_the_money_moved(world: PlatformWorld) -> None:
    world.platform.pays = False
    await world.asks()
    await world.until_tasks()
    await world.act("approve", "lin")
    await world.until_refund(RefundStage.PAYING_BACK)
    assert await world.booked() == []
    await world.passes(hours=1)
    await world.moves(SaleState.SUCCEEDED)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert len(world.platform.said("agree")) == 1
    assert await world.booked() == [-14400]


async def test_the_platform_decides_first_the_tasks_go_away_and_no_call_of_ours_moves_money(
    world: PlatformWorld,
) -> None:
    await world.asks()
    await world.until_tasks()
    await world.moves(SaleState.AGREED)
    await world.moves(SaleState.SUCCEEDED)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    view = await world.refund_view()
    assert view.approval is not None
    assert (view.approval.status, view.approval.open_tasks) == ("overtaken", ())
    assert world.platform.said("agree") == []
    assert await world.policy() == ["bazaar/platform"]
    assert await world.booked() == [-14400]


async def test_the_buyer_withdraws_there_and_nothing_is_paid(world: PlatformWorld) -> None:
    await world.asks()
    await world.until_tasks()
    await world.moves(SaleState.CLOSED, DecidedBy.BUYER)
    assert await world.refund_ended() is RefundStage.WITHDRAWN
    assert world.platform.calls == []
    assert await world.booked() == []


async def test_a_success_that_is_the_first_word_of_all_is_booked_once_however_often_it_comes(
    world: PlatformWorld,
) -> None:
    asked = await world.asks()
    world.platform.moves(NUMBER, SaleState.AGREED, DecidedBy.PLATFORM)
    await world.moves(SaleState.SUCCEEDED)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    await world.hears(world.platform.sales[NUMBER])
    await world.hears(asked)  # late, and older than what is known
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert await world.booked() == [-14400]


async def test_a_deadline_in_6_hours_is_honoured_levels_share_the_time_and_it_is_extended_once(
    world: PlatformWorld,
) -> None:
    await world.asks(hours=6)
    await world.until_tasks()
    await world.passes(hours=4, minutes=59)
    ((person, after),) = await world.reminders()
    assert (person, round(after / timedelta(minutes=1))) == ("fang", 150)
    await world.passes(minutes=2)
    assert [person for person, _ in await world.reminders()] == ["fang", "boss"]
    assert len(world.platform.said("extend")) == 1
    await world.passes(hours=23, minutes=58)
    assert [person for person, _ in await world.reminders()][-1] == "boss"
    await world.act("approve", "boss")
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert len(world.platform.said("extend")) == 1


async def test_a_deadline_that_comes_nearer_is_shared_by_the_levels_that_are_left(world: PlatformWorld) -> None:
    asked = await world.asks(hours=72)
    await world.until_tasks()
    await world.passes(hours=1)
    assert asked.deadline is not None
    nearer = replace(asked, revision=asked.revision + 1, deadline=asked.deadline - timedelta(hours=66))
    world.platform.sales[NUMBER] = nearer
    await world.hears(nearer)
    await world.passes(hours=3, minutes=58)
    ((person, after),) = await world.reminders()
    assert (person, round(after / timedelta(minutes=1))) == ("fang", 150)
    await world.passes(minutes=4)
    assert [person for person, _ in await world.reminders()] == ["fang", "boss"]


async def test_what_nobody_decides_is_agreed_by_the_platforms_clock_after_the_last_superior_was_paged(
    world: PlatformWorld,
) -> None:
    await world.asks(hours=6, extensions=0)
    await world.until_tasks()
    await world.passes(hours=5, minutes=1)
    assert [person for person, _ in await world.reminders()] == ["fang", "boss"]
    world.platform.clock_strikes(NUMBER)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert world.platform.said("agree") == []
    assert await world.policy() == ["bazaar/clock"]
    assert await world.booked() == [-14400]


async def test_a_refusal_is_told_with_its_reason_as_evidence_and_the_platform_may_overrule_it(
    world: PlatformWorld,
) -> None:
    await world.asks()
    await world.until_tasks()
    await world.act("refuse", "lin", reason="the photo shows another parcel")
    assert await world.refund_ended() is RefundStage.REFUSED
    assert world.platform.sales[NUMBER].state is SaleState.REFUSED
    world.platform.moves(NUMBER, SaleState.AGREED)
    await world.moves(SaleState.SUCCEEDED)
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert world.platform.said("agree") == []
    assert await world.booked() == [-14400]


async def test_a_refusal_that_the_platform_does_not_take_waits_for_a_person(world: PlatformWorld) -> None:
    world.platform.script = [SaleOutcome.REFUSED]
    await world.asks()
    await world.until_tasks()
    world.platform.is_away = True
    await world.act("refuse", "lin", reason="the photo shows another parcel")
    await world.passes(hours=2)
    case_id = await world.refund_case(Cause.AFTER_SALE_STUCK)
    world.platform.is_away = False
    world.platform.script = []
    assert case_id
    await world.decide_refund(Cause.AFTER_SALE_STUCK, Choice.RETRY)
    assert await world.refund_ended() is RefundStage.REFUSED
    assert world.platform.sales[NUMBER].state is SaleState.REFUSED


async def test_what_is_not_what_people_would_decide_on_is_a_case_and_no_answer_to_the_buyer(
    world: PlatformWorld,
) -> None:
    await world.asks(amount=yuan("150.00"))
    assert await world.refund_ended() is RefundStage.REFUSED
    assert Cause.AFTER_SALE_CHANGED in await world.column("select cause from cases")
    assert world.platform.calls == []


@pytest.mark.parametrize(
    ("wanted", "stage", "state"),
    [
        (AtDeadline.AGREE, RefundStage.PAID_BACK, SaleState.SUCCEEDED),
        (AtDeadline.REFUSE, RefundStage.REFUSED, SaleState.REFUSED),
    ],
)
async def test_what_nobody_decides_before_the_deadline_a_policy_may_decide_in_its_own_name(
    world: PlatformWorld, wanted: AtDeadline, stage: RefundStage, state: SaleState
) -> None:
    rules = tuple(replace(rule, at_deadline=wanted) for rule in SHIPPED.rules)
    async with world.record.begin() as db:
        await policies.add(db, replace(SHIPPED, version=1, rules=rules), "test", world.clock.now())
    await world.asks(hours=6)
    await world.until_tasks()
    assert await world.refund_ended() is stage
    assert world.platform.sales[NUMBER].state is state
    assert await world.policy() == ["refunds@1"]
