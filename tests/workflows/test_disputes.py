"""A payment that its buyer disputes with the provider: none of it goes back by us until that has ended."""

import pytest

from domain.brake import Said
from domain.refund import RefundStage
from persistence import disputes
from persistence.disputes import Disputed, NoSuchPayment
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow


async def trade(world: RefundWorld) -> Disputed:
    ((provider, account, trade_no),) = await world.rows("select provider, account, trade_no from payments")
    return Disputed(provider, account, trade_no)


async def test_an_open_dispute_keeps_the_refunds_of_its_payment_until_it_is_closed(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    about, said = await trade(world), Said("fang", "not as described", world.clock.now())
    async with world.record.begin() as db:
        assert await disputes.open_dispute(db, about, said) is True
        assert await disputes.open_dispute(db, about, said) is False
    await world.ask()
    await world.act("approve", "lin")
    await world.passes(minutes=10)
    view = await world.refund_view()
    assert (view.stage, [each.leg.held for each in view.legs]) == (RefundStage.APPROVED, ["dispute"])
    assert world.provider.refunded == {}
    assert await world.rows("select cause, owner from cases where settled_at is null") == [("dispute_open", "finance")]
    async with world.record.begin() as db:
        assert [each.about for each in await disputes.list_open(db)] == [about]
        assert await disputes.close_dispute(db, about, said) is True
        assert await disputes.close_dispute(db, about, said) is False
    assert await world.refund_ended() is RefundStage.PAID_BACK
    assert sorted(world.provider.refunded) == ["tea_1001_r1_1"]
    assert await world.column("select count(*) from cases where settled_at is null") == [0]
    steps = await world.steps()
    assert (steps.count("open_dispute"), steps.count("close_dispute")) == (1, 1)


async def test_a_payment_that_nobody_made_is_not_disputed(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    for deed in (disputes.open_dispute, disputes.close_dispute):
        async with world.record.begin() as db:
            with pytest.raises(NoSuchPayment, match="there is no payment alipay/main/T-9"):
                await deed(db, Disputed("alipay", "main", "T-9"), Said("fang", "x", world.clock.now()))
