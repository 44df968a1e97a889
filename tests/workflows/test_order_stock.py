"""docs/sop.md 1.3 and 1.4: stock that is short, and holds between paid and push."""

import pytest

from domain.case import Cause, Choice
from domain.order import Kind, Stage
from tests import builders
from tests.builders import line
from tests.workflows.world import World

pytestmark = pytest.mark.slow

MAP_TIN = """
    insert into sku_matches (channel, shop_id, platform_sku, version, components, valid_from)
    values ('shop', 'tea', 'TIN', 1, '[{"sku": "TEA-CUP", "quantity": 1, "price_weight": 1}]', now())
"""


async def test_short_stock_is_a_case_and_a_retry_after_restocking_goes_on(world: World) -> None:
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await world.case(Cause.OUT_OF_STOCK)
    assert await world.column("select detail from cases") == [
        "short of 1 x TEA-GREEN-250; 1 x TEA-GREEN-250 could go ahead"
    ]
    assert await world.reserved() == 0
    await world.decide(Cause.OUT_OF_STOCK, Choice.RETRY)
    await world.case(Cause.OUT_OF_STOCK)
    await world.write("update stock set on_hand = 2 where sku = 'TEA-GREEN-250'")
    await world.decide(Cause.OUT_OF_STOCK, Choice.RETRY, by="chen")
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.column("select decided_by from cases order by opened_at") == ["lin", "chen"]


async def test_short_stock_can_be_cancelled_and_the_buyer_is_refunded(world: World) -> None:
    await world.write("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
    await world.place()
    await world.pay()
    await world.decide(Cause.OUT_OF_STOCK, Choice.CANCEL)
    assert await world.end() is Stage.CANCELLED
    assert await world.ledger() == [("captured", 14400), ("refund_due", 14400)]
    assert await world.open_cases() == [Cause.REFUND_DUE]
    assert world.warehouse.calls == []


async def test_an_unmatched_sku_holds_the_order_until_it_is_mapped(world: World) -> None:
    world.amend_order(lines=(line(), line("2", "TIN", 1, "30.00")))
    await world.place()
    await world.pay()
    await world.case(Cause.UNMATCHED_SKU)
    assert await world.stage() == Stage.ON_HOLD
    await world.write(MAP_TIN)
    await world.decide(Cause.UNMATCHED_SKU, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    (request,) = world.warehouse.outbound.values()
    assert {each.sku for each in request.lines} == {"TEA-GREEN-250", "TEA-CUP"}
    assert await world.open_cases() == []


async def test_a_recipient_that_is_amended_lets_the_order_go_by_itself(world: World) -> None:
    world.amend_order(address_gaps=("phone",))
    await world.place()
    await world.pay()
    await world.case(Cause.ADDRESS_INCOMPLETE)
    await world.amend_recipient()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.rows("select choice, decided_by from cases") == [("close", "workflow")]


async def test_of_two_holds_each_is_mended_on_its_own(world: World) -> None:
    world.amend_order(lines=(line(), line("2", "TIN", 1, "30.00")), address_gaps=("phone",))
    await world.place()
    await world.pay()
    standing = await world.case(Cause.UNMATCHED_SKU)
    await world.amend_recipient()
    await world.until_value("select holds from orders", expected=["unmatched_sku"])
    assert await world.case(Cause.UNMATCHED_SKU) == standing
    await world.write(MAP_TIN)
    await world.decide(Cause.UNMATCHED_SKU, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert await world.rows("select cause, choice, decided_by from cases order by cause") == [
        ("address_incomplete", "close", "workflow"),
        ("unmatched_sku", "retry", "lin"),
    ]


@pytest.mark.parametrize("kind", [Kind.CASH_ON_DELIVERY, Kind.CROSS_BORDER])
async def test_a_kind_that_is_not_handled_is_never_pushed(world: World, kind: Kind) -> None:
    world.amend_order(kind=kind)
    await world.place()
    await world.pay()
    await world.decide(Cause.UNSUPPORTED_KIND, Choice.RETRY)
    await world.decide(Cause.UNSUPPORTED_KIND, Choice.CANCEL)
    assert await world.end() is Stage.CANCELLED
    assert world.warehouse.asked("push") == []


async def test_goods_that_leave_while_a_late_line_is_short_settle_the_case_and_the_order_goes_on(world: World) -> None:
    world.amend_order(lines=(line(), line("2", "TIN", 1, "30.00")))
    await world.write("update stock set on_hand = 0 where sku = 'TEA-CUP'")
    await world.place()
    await world.pay()
    await world.case(Cause.UNMATCHED_SKU)
    await world.write(MAP_TIN)
    await world.decide(Cause.UNMATCHED_SKU, Choice.RETRY)
    await world.case(Cause.OUT_OF_STOCK)
    await world.report(builders.parcel("P-1", 2, delivered=True, at=await world.now()))
    await world.report(builders.parcel("P-2", 1, line_id="2", delivered=True, at=await world.now()))
    assert await world.end() is Stage.COMPLETED
    assert await world.open_cases() == []
