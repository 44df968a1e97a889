"""How orders are named, and that every name leads back to its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidReference
from domain.reference import CHANNELS, MOST_PARTS, OUT_TRADE_NO_LIMIT, OrderId, TradeReference

LETTERS = "ABCXYZabcxyz0123456789-"


@st.composite
def order_ids(draw: st.DrawFn, channels: tuple[str, ...] = CHANNELS) -> OrderId:
    shop_id = draw(st.text(LETTERS, min_size=1, max_size=24))
    room = min(24, OUT_TRADE_NO_LIMIT - 4 - len(shop_id))
    return OrderId(draw(st.sampled_from(channels)), shop_id, draw(st.text(LETTERS, min_size=1, max_size=room)))


@given(order_ids())
def test_an_order_id_is_read_back(order_id: OrderId) -> None:
    assert OrderId.parse(str(order_id)) == order_id


@given(order_ids())
def test_a_warehouse_reference_is_read_back(order_id: OrderId) -> None:
    assert OrderId.from_warehouse_reference(order_id.warehouse_reference()) == order_id


@given(order_ids(("shop",)), st.integers(1, MOST_PARTS), st.integers(1, MOST_PARTS))
def test_a_trade_number_leads_to_its_order_and_part(order_id: OrderId, one: int, other: int) -> None:
    part, parts = sorted((one, other))
    out_trade_no = order_id.out_trade_no(part, parts)
    assert len(out_trade_no) <= OUT_TRADE_NO_LIMIT
    assert TradeReference.parse(out_trade_no) == TradeReference(order_id, part)


@given(order_ids(("shop",)), order_ids(("shop",)), st.integers(1, 3), st.integers(1, 3))
def test_two_orders_or_parts_never_share_a_trade_number(one: OrderId, other: OrderId, part: int, another: int) -> None:
    same = one.out_trade_no(part, 3) == other.out_trade_no(another, 3)
    assert same == ((one, part) == (other, another))


def test_only_a_plan_of_several_parts_names_the_part() -> None:
    order_id = OrderId("shop", "tea", "1001")
    assert order_id.out_trade_no(1, 1) == "tea_1001"
    assert [order_id.out_trade_no(part, 2) for part in (1, 2)] == ["tea_1001_1", "tea_1001_2"]


def test_a_second_payment_of_one_part_is_another_trade_than_the_first() -> None:
    second = TradeReference.parse("tea_1001_2")
    assert second.order_id.out_trade_no(second.part, 1) == "tea_1001_2"


@pytest.mark.parametrize(
    ("channel", "shop_id", "order_no"),
    [
        ("ebay", "tea", "1001"),
        ("", "tea", "1001"),
        ("shop", "", "1001"),
        ("shop", "tea", ""),
        ("shop", "te_a", "1001"),
        ("shop", "te.a", "1001"),
        ("shop", "tea", "10/01"),
        ("shop", "tea", "10 01"),
        ("shop", "tea", "1001\n"),
        ("shop", "茶", "1001"),
        ("shop", "tea", "1001٣"),
        ("shop", "t" * 25, "1"),
        ("shop", "t" * 14, "1" * 15),  # 29: no room for `_` and `_99`
    ],
)
def test_a_part_that_would_break_a_name_is_refused(channel: str, shop_id: str, order_no: str) -> None:
    with pytest.raises(InvalidReference):
        OrderId(channel, shop_id, order_no)


@pytest.mark.parametrize("text", ["", "shop", "shop/tea", "shop/tea/1001/2", "/tea/1001", "order/shop/tea/1001"])
def test_what_is_no_order_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        OrderId.parse(text)


@given(order_ids(), st.integers(2, 9999))
def test_each_further_outbound_order_has_a_name_of_its_own_that_leads_to_its_order(
    order_id: OrderId, number: int
) -> None:
    reference = order_id.warehouse_reference(number)
    assert reference == f"{order_id.warehouse_reference()}.{number}"
    assert OrderId.from_warehouse_reference(reference) == order_id


@pytest.mark.parametrize(
    "text",
    [
        *("", "shop.tea", "WMS-4711", "shop/tea/1001", "shop.tea.1001.", "shop.tea.1001.0", "shop.tea.1001.1"),
        *("shop.tea.1001.02", "shop.tea.1001.2.3", "shop.tea.1001.x", "shop.tea.1001.٣", "shop.tea.1001.2\n"),
    ],
)
def test_what_is_no_warehouse_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        OrderId.from_warehouse_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tea",
        "tea_",
        "_1001",
        "tea__1001",
        "tea_1001_",
        "tea_1001_0",
        "tea_1001_01",
        "tea_1001_100",
        "tea_1001_x",
        "tea_1001_1_2",
        "tea_1001_1٣",
        "tea.1001",
        "tea_1001 ",
        "tea_" + "1" * 29,  # 33 characters
        "tea_" + "1" * 26,  # fits, but no order may have this number
    ],
)
def test_what_is_no_trade_number_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        TradeReference.parse(text)
