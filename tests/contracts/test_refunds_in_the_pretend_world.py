"""What a refund call and its question mean together: the same of both providers' pretended sides and of the fake."""

import asyncio
from typing import Any

from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.messages import RawMessage
from ports.payments import RefundFact
from sandbox.wechatpay.notices import SealedNotice
from tests.contracts.refund_sides import DONE, NOT_FOUND, PAID, SHOPS, UNKNOWN, Side, each_provider, each_side, standing
from tests.sandbox.town_under_test import until
from verify.refunds import asked_parameters, provider_refunds


@each_side
async def test_a_number_that_was_never_asked_for_is_not_found(name: str) -> None:
    async with standing(name) as side:
        assert (await side.asked()).outcome is NOT_FOUND


@each_side
async def test_one_number_moves_money_once_however_often_it_is_asked_for(name: str) -> None:
    async with standing(name) as side:
        for _ in range(3):
            assert (await side.refund()).outcome in {DONE, RefundOutcome.PROCESSING, UNKNOWN}
        answer = await side.ended()
        assert (answer.outcome, answer.amount) == (DONE, Money(1000))
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_side
async def test_a_lost_answer_is_unknown_until_the_question_finds_the_money(name: str) -> None:
    async with standing(name) as side:
        if (losing := side.lose_the_next_answer()) is not None:
            await losing
        assert (await side.refund()).outcome is UNKNOWN
        assert (await side.ended()).outcome is DONE
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_the_same_number_for_another_amount_moves_nothing_more(name: str) -> None:
    async with standing(name) as side:
        await side.refund()
        assert (await side.refund(amount=Money(1001))).outcome is UNKNOWN
        assert (await side.ended()).amount == Money(1000)
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_refunds_together_never_come_to_more_than_was_paid(name: str) -> None:
    async with standing(name) as side:
        await side.refund()
        answer = await side.refund(out_refund_no=side.number("2"), amount=Money(PAID - 999))
        assert answer.outcome is (RefundOutcome.REFUSED if name == "alipay" else UNKNOWN)
        await side.ended()
        await taken(side, out_refund_no=side.number("3"), amount=Money(PAID - 1000))


async def taken(side: Side, **changes: Any) -> None:
    """Asked for with one number until the provider takes it up."""
    found: list[RefundOutcome] = []

    async def ask() -> None:
        while not {DONE, RefundOutcome.PROCESSING}.intersection(found):
            found.append((await side.refund(**changes)).outcome)

    await asyncio.wait_for(ask(), 20)


@each_provider
async def test_an_empty_account_moves_the_same_number_later(name: str) -> None:
    async with standing(name) as side:
        await side.plant("short_of_balance")
        assert (await side.refund()).outcome is RefundOutcome.SHORT_OF_BALANCE
        assert (await side.asked()).outcome is NOT_FOUND
        await side.refund()
        assert (await side.ended()).outcome is DONE


@each_provider
async def test_a_refund_can_be_under_way_for_days(name: str) -> None:
    async with standing(name) as side:
        assert side.scene is not None
        await side.plant("refund_silent", seconds=48 * 3600.0)
        assert (await side.refund()).outcome in {UNKNOWN, RefundOutcome.PROCESSING}
        assert (await side.asked()).outcome in {NOT_FOUND, RefundOutcome.PROCESSING}
        assert side.moved() == {}


@each_provider
async def test_a_trade_nobody_paid_is_refused(name: str) -> None:
    async with standing(name) as side:
        answer = await side.refund(out_trade_no=f"{SHOPS[name]}_2")
        assert answer.outcome is RefundOutcome.REFUSED


@each_provider
async def test_the_dump_has_each_refund_and_each_call_with_its_parameters(name: str) -> None:
    async with standing(name) as side:
        assert side.scene is not None
        await side.refund()
        await side.refund()
        await side.ended()
        dump = await side.scene.dump()
        told, trade = f"{name}/{side.order.out_refund_no}", f"{name}/{side.order.trade_no}"
        ((found, refund),) = provider_refunds(dump).items()
        assert (found, refund.trade, refund.amount_minor, refund.state) == (told, trade, 1000, "done")
        assert refund.done_at is not None
        ((asked, (first, second)),) = asked_parameters(dump).items()
        assert asked == told
        assert first == second
        assert side.order.out_refund_no in first


# WeChat Pay tells


async def facts(side: Side, count: int) -> list[RefundFact | None]:
    assert side.scene is not None
    post, desk = side.scene.town.wechatpay.post, side.scene.town.wechatpay.desk

    def refunds() -> list[SealedNotice]:
        return [notice for notice in post.sent if notice.event_type.startswith("REFUND")]

    await until(lambda: len(refunds()) == count and all(notice.has_success for notice in refunds()))
    envelopes = [desk.envelope(notice) for notice in refunds()]
    messages = [RawMessage.arrived(envelope.headers.items(), envelope.body) for envelope in envelopes]
    return [side.provider.read_notice(message).refund for message in messages]


async def test_a_signed_notice_tells_of_the_refund_what_the_question_does() -> None:
    async with standing("wechatpay") as side:
        assert (await side.refund()).outcome is RefundOutcome.PROCESSING
        (fact,) = await facts(side, 1)
        asked = await side.asked()
        assert fact == RefundFact(side.order.out_refund_no, DONE, asked.refund_no, asked.amount, asked.at)


async def test_a_closed_number_is_dead_and_a_successor_moves_the_money() -> None:
    async with standing("wechatpay") as side:
        await side.plant("refund_closed")
        await side.refund()
        assert (await side.ended()).outcome is RefundOutcome.CLOSED
        assert (await side.refund()).outcome is RefundOutcome.CLOSED
        await side.refund(out_refund_no=side.number("2"))
        first, second = await facts(side, 2)
        assert first is not None
        assert second is not None
        assert (first.outcome, second.outcome) == (RefundOutcome.CLOSED, DONE)
        assert side.moved() == {side.number("2"): 1000}


async def test_money_that_was_told_as_paid_out_can_come_back() -> None:
    async with standing("wechatpay") as side:
        await side.plant("refund_reversed")
        await side.refund()
        first, second = await facts(side, 2)
        assert first is not None
        assert second is not None
        assert (first.outcome, second.outcome) == (DONE, RefundOutcome.ABNORMAL)
        assert (await side.asked()).outcome is RefundOutcome.ABNORMAL
