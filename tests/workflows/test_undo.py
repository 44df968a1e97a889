"""A released plan, trade by trade, in virtual time: what the provider denies or does not answer, what is cancelled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from domain.brake import Said
from domain.limits import Limits
from domain.money import Money
from domain.undo import Plan, Trade
from persistence import undo
from ports.undo import ItemState, UndoStart
from tests.builders import yuan
from tests.workflows.refund_world import RefundWorld
from workflows import identity
from workflows.undo import UndoWorkflow

pytestmark = pytest.mark.slow
STATES = "select state from undo_items order by plan_id, number"
PAID_BACK = "select count(*) from refunds where stage = 'paid_back'"
SECOND = timedelta(seconds=1)


def charged_again(world: RefundWorld, number: int, amount: Money) -> Trade:
    """Another system charged once more for the paid order; nobody told us."""
    out_trade_no = world.order_id.out_trade_no(number, number)
    paid = world.provider.pay(out_trade_no, amount)
    return Trade(paid.provider, paid.account, paid.trade_no, out_trade_no, paid.amount, paid.paid_at)


def charges(world: RefundWorld, count: int) -> list[Trade]:
    """Small ones, which go back without a signature: 60.00, 61.00, ... CNY."""
    return [charged_again(world, 2 + number, yuan(f"{60 + number}.00")) for number in range(count)]


async def released(world: RefundWorld, trades: list[Trade]) -> Plan:
    now = world.clock.now()
    async with world.record.begin() as db:
        plan = await undo.find(db, trades, Said("fang", "charged twice", now))
        return await undo.release(db, plan.id, Said("boss", "seen", now), plan.version)


async def begun(world: RefundWorld, plan: Plan, pause: timedelta = SECOND) -> WorkflowHandle[Any, None]:
    return await world.env.client.start_workflow(
        UndoWorkflow.run,
        UndoStart(plan.id, pause, Limits()),
        id=identity.undo_workflow_id(plan.id),
        task_queue=identity.REFUNDS,
    )


def back(world: RefundWorld) -> dict[str, Money]:
    """What went back at the provider, by trade."""
    return {each.trade_no: each.amount for each in world.provider.refunded.values()}


async def test_what_the_provider_has_goes_back_and_what_it_denies_does_not(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    right, other = charges(world, 2)
    never = replace(right, trade_no="T-none", out_trade_no=world.order_id.out_trade_no(4, 4))
    plan = await released(world, [right, replace(other, amount=yuan("1.00")), never])
    await (await begun(world, plan)).result()
    assert await world.rows("select state, said from undo_items order by number") == [
        (ItemState.TOLD, ""),
        (ItemState.DIFFERS, f"the provider says 61.00 CNY by trade {other.trade_no}"),
        (ItemState.DIFFERS, "the provider says that it is not_found"),
    ]
    await world.until_value(PAID_BACK, expected=1)
    assert back(world) == {right.trade_no: yuan("60.00")}
    assert await world.rows("select trade_no, source from payments where not matched") == [
        (right.trade_no, f"undo/{plan.id}")
    ]
    async with world.record.connect() as db:
        first, *rest = await undo.items(db, plan.id)
    assert (first.is_back, first.stage, [each.stage for each in rest]) == (True, "paid_back", [None, None])


async def test_what_is_above_the_policys_limit_waits_for_its_signers(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    plan = await released(world, [charged_again(world, 2, yuan("500.00"))])
    await (await begun(world, plan)).result()
    await world.until_value("select stage from refunds", expected="awaiting_approval")
    async with world.record.connect() as db:
        (item,) = await undo.items(db, plan.id)
    assert (item.state, item.stage, item.is_back) == (ItemState.TOLD, "awaiting_approval", False)
    assert back(world) == {}


async def test_a_silent_provider_leaves_it_unclear_and_it_is_found_again(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    found = charges(world, 1)
    world.provider.silent = True
    await (await begun(world, await released(world, found))).result()
    assert await world.column(STATES) == [ItemState.UNCLEAR]
    assert await world.column("select count(*) from payments") == [1]
    world.provider.silent = False
    again = await released(world, found)
    await (await begun(world, again)).result()
    assert await world.column(f"select state from undo_items where plan_id = '{again.id}'") == [ItemState.TOLD]
    await world.until_value(PAID_BACK, expected=1)


async def test_what_is_cancelled_goes_no_further_and_a_restarted_worker_goes_on(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    plan = await released(world, charges(world, 3))
    run = await begun(world, plan, pause=timedelta(hours=1))
    await world.until_value("select count(*) from payments", expected=2)
    await world.restart_workers()
    async with world.record.begin() as db:
        await undo.cancel(db, plan.id, Said("fang", "enough", world.clock.now()))
    await run.result()
    assert await world.column(STATES) == [ItemState.TOLD, ItemState.WAITING, ItemState.WAITING]
    await world.until_value(PAID_BACK, expected=1)
    assert await world.column("select count(*) from payments") == [2]
    steps = "select step from audit_log where order_id = 'installation' and step like '%undo' order by seq"
    assert await world.column(steps) == ["find_undo", "release_undo", "cancel_undo"]


@pytest.mark.usefixtures("short_histories")
async def test_a_long_plan_begins_its_history_anew_and_loses_no_trade(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    found = charges(world, 4)
    plan = await released(world, found)
    run = await begun(world, plan)
    await run.result()
    assert await world.column(STATES) == [ItemState.TOLD] * 4
    await world.until_value(PAID_BACK, expected=4)
    assert back(world) == {each.trade_no: each.amount for each in found}
    last = world.env.client.get_workflow_handle(run.id)
    assert (await last.describe()).run_id != run.first_execution_run_id
