"""What a policy asks about a refund is what the record knows of it: the goods, the shop, the customer."""

import pytest

from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR
from domain.policy import REFUNDS, Field, Policy, Rule, StepRule, Words
from domain.route import MIXED
from persistence import stock
from persistence.policy_saving import save_policy
from persistence.policy_trials import past_refunds
from tests.workflows.refund_world import RefundWorld

pytestmark = pytest.mark.slow
FINANCE = (StepRule("finance manager", (FINANCE_MANAGER,)),)


async def signers(world: RefundWorld, field: Field, *values: str) -> tuple[str, ...]:
    """Who signs under a policy that sends these to finance, and everything else to support."""
    rest = Rule("rest", steps=(StepRule("support supervisor", (SUPPORT_SUPERVISOR,)),))
    policy = Policy(REFUNDS, (Rule("special", words=(Words(field, values),), steps=FINANCE), rest))
    async with world.record.begin() as db:
        await save_policy(db, policy, "test", world.clock.now(), based_on=None)
    await world.ask()
    found: list[str] = []

    async def asked() -> bool:
        approval = (await world.refund_view()).approval
        found[:] = [task.signer for task in approval.open_tasks] if approval else []
        return bool(found)

    await world.until(asked)
    return tuple(found)


async def test_goods_of_a_category_go_to_whom_the_policy_names_for_it(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    async with world.record.begin() as db:
        assert await stock.set_category(db, "TEA-GREEN-250", "tea") == ""
        assert await stock.set_category(db, "NOTHING", "tea") is None
    assert await signers(world, Field.CATEGORY, "tea", MIXED) == ("fang",)


async def test_a_region_is_that_of_the_shop(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    await world.write("update shops set region = 'east'")
    assert await signers(world, Field.REGION, "east") == ("fang",)
    async with world.record.connect() as db:
        ((name, facts),) = [(each.name, each.facts) for each in await past_refunds(db)]
    assert (name, facts.region, facts.category, facts.customer) == ("r1", "east", "", "c-17")


async def test_a_customer_who_is_named_and_nobody_else(refund_world: RefundWorld) -> None:
    world = await refund_world.arrived()
    assert await signers(world, Field.CUSTOMER, "c-99") == ("lin",)
