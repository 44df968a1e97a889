"""What goes wrong with a refund on request, at either provider, and what one who asks still finds out."""

import asyncio
from typing import Any

import pytest

from domain.refund_leg import RefundOutcome
from ports.messages import RawMessage
from ports.payments import RefundFact
from sandbox.wechatpay.notices import SealedNotice
from tests.contracts.refund_sides import DONE, NOT_FOUND, UNKNOWN, Side, each_provider, standing


@each_provider
@pytest.mark.parametrize("loss", ["cut", "late_error"])
async def test_an_answer_lost_after_success_strikes_the_refund_alone(name: str, loss: str) -> None:
    async with standing(name) as side:
        await side.plant(loss)
        assert (await side.asked()).outcome is NOT_FOUND, "a question is not struck"
        assert (await side.refund()).outcome is UNKNOWN
        assert (await side.ended()).outcome is DONE
        assert side.moved() == {side.order.out_refund_no: 1000}
        assert [code for _, code in await side.calls()] == ["cut" if loss == "cut" else "http 500"]


@each_provider
async def test_a_provider_that_breaks_moved_nothing_and_takes_the_same_number_again(name: str) -> None:
    async with standing(name) as side:
        await side.plant("server_error", times=2)
        for _ in range(2):
            assert (await side.refund()).outcome is UNKNOWN
            assert (await side.asked()).outcome is NOT_FOUND
        await side.refund()
        assert (await side.ended()).outcome is DONE
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_a_provider_that_takes_a_minute_has_moved_the_money_for_whoever_asks(name: str) -> None:
    async with standing(name) as side:
        await side.plant("delay", seconds=60.0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(side.refund(), 0.2)
        assert [code for _, code in await side.calls()] == ["none yet"]
        assert (await side.ended()).outcome is DONE
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_the_notice_can_overtake_the_answer(name: str) -> None:
    async with standing(name) as side:
        assert side.scene is not None
        await side.plant("notice_first")
        answer = await side.refund()
        post = side.scene.town.providers[name].post
        (notice,) = [each for each in post.sent if told_refund(side, each) is not None]
        assert notice.has_success
        assert answer.outcome in {UNKNOWN, RefundOutcome.PROCESSING}
        fact = told_refund(side, notice)
        assert fact is not None
        assert (fact.out_refund_no, fact.outcome) == (side.order.out_refund_no, DONE)


def told_refund(side: Side, notice: Any) -> RefundFact | None:
    assert side.scene is not None
    town = side.scene.town
    desk: Any = town.wechatpay.desk if isinstance(notice, SealedNotice) else town.alipay.desk
    envelope = desk.envelope(notice)
    return side.provider.read_notice(RawMessage.arrived(envelope.headers.items(), envelope.body)).refund
