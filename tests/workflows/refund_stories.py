"""Whole lives of a refund, told from beginning to end."""

from collections.abc import Awaitable, Callable

from domain.case import Cause, Choice
from domain.refund import Kind, RefundStage
from domain.refund_leg import RefundOutcome
from domain.refund_money import RefundRequest, Units
from domain.returns import ReturnedGoods
from ports.refunds import RefundView
from ports.returns import GoodsSent, ReturnReceived
from tests.workflows.refund_world import RefundWorld
from workflows.refund import RefundWorkflow

ONE = RefundRequest(units=(Units("1", 1),))
RefundStory = Callable[[RefundWorld], Awaitable[object]]


async def refund_paid_back(world: RefundWorld) -> None:
    """A superior is reminded, decides, and the provider's answer is lost at first."""
    world.provider.refund_script = [RefundOutcome.UNKNOWN]
    await world.arrived()
    await world.ask()
    await world.passes(hours=24, seconds=1)
    await world.act("approve", "fang")
    await world.refund_ended()


async def refund_troubled(world: RefundWorld) -> None:
    """The account is empty, the number dies, its successor is refused; a person retries, and it goes through."""
    world.provider.refund_script = [RefundOutcome.SHORT_OF_BALANCE, RefundOutcome.CLOSED, RefundOutcome.REFUSED]
    await world.arrived()
    await world.ask()
    await world.act("approve", "lin")
    await world.passes(minutes=1)
    await world.decide_refund(Cause.REFUND_REFUSED, Choice.RETRY)
    await world.refund_ended()


async def refund_too_much(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    await world.ask(refund_id="r2")
    await world.refund_ended()


async def refund_withdrawn(world: RefundWorld) -> None:
    await world.arrived()
    await world.ask()
    await world.act("add_signer", "lin", signer="boss")
    await world.act("withdraw", "ann", None)
    await world.refund_ended()


async def refund_goods_stopped(world: RefundWorld) -> None:
    """One of two packs is not to leave: the warehouse lets go of both, and the other one is pushed again."""
    await world.at_warehouse()
    await world.ask(ONE)
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.act("approve", "lin")
    await world.refund_ended()


async def refund_returned(world: RefundWorld) -> None:
    """Both packs were to come back, one came: what is left is signed for again."""
    await world.arrived()
    await world.ask(RefundRequest(units=(Units("1", 2),)), kind=Kind.RETURN)
    await world.act("approve", "lin")
    await world.until_refund(RefundStage.AWAITING_RETURN)
    sent = GoodsSent("r1", world.order_id, "ann", "sf", "SF-B1")
    await world.refund.execute_update("send_goods", sent, result_type=RefundView)
    came = ReturnReceived("r1", world.order_id, (ReturnedGoods("1", 1),))
    await world.refund.signal(RefundWorkflow.return_received, came)
    await world.until_refund(RefundStage.AWAITING_APPROVAL)
    await world.act("approve", "lin", version=2)
    await world.refund_ended()


REFUND_STORIES: dict[str, RefundStory] = {
    "refund_paid_back": refund_paid_back,
    "refund_troubled": refund_troubled,
    "refund_too_much": refund_too_much,
    "refund_withdrawn": refund_withdrawn,
    "refund_goods_stopped": refund_goods_stopped,
    "refund_returned": refund_returned,
}
