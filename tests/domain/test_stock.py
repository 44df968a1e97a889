"""Stock: what a line needs in own skus, and what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidOrder
from domain.money import Money, total
from domain.stock import Component, Demand, SkuMatch, explode, sellable, shortage, units_by_sku
from tests.builders import yuan

GIFT_BOX = SkuMatch(3, (Component("TEA-GREEN-250", 1, 68), Component("CUP-WHITE", 2, 15)))
components = st.builds(Component, st.sampled_from(["TEA", "CUP", "TIN"]), st.integers(1, 5), st.integers(0, 1000))
matches = st.lists(components, min_size=1, max_size=6).map(lambda parts: SkuMatch(1, tuple(parts)))


def test_a_single_sku_keeps_its_line_and_its_price() -> None:
    match = SkuMatch(1, (Component("TEA-GREEN-250", 1),))
    assert explode("1", 2, yuan("136.00"), match) == (Demand("1", "TEA-GREEN-250", 2, yuan("136.00")),)


def test_a_pack_of_three_needs_three_units_of_each_one_sold() -> None:
    assert explode("1", 2, yuan("60.00"), SkuMatch(1, (Component("TEA", 3),)))[0].quantity == 6


def test_a_bundle_becomes_numbered_lines_whose_prices_are_its_weights() -> None:
    assert explode("2", 2, yuan("196.00"), GIFT_BOX) == (
        Demand("2.1", "TEA-GREEN-250", 2, yuan("136.00")),
        Demand("2.2", "CUP-WHITE", 4, yuan("60.00")),
    )


def test_the_odd_fen_of_a_bundle_goes_to_the_largest_remainder() -> None:
    shares = [each.cash.amount_minor for each in explode("2", 1, Money(100), GIFT_BOX)]
    assert shares == [69, 31]  # 69.39 and 30.61: the second has the larger remainder


def test_a_bundle_without_weights_is_split_evenly() -> None:
    match = SkuMatch(1, (Component("TEA", 1, 0), Component("CUP", 3, 0)))
    assert [each.cash for each in explode("1", 1, Money(3), match)] == [Money(2), Money(1)]


def test_a_gift_of_no_price_is_still_needed() -> None:
    assert [(each.quantity, each.cash) for each in explode("3", 1, yuan("0"), GIFT_BOX)] == [
        (1, yuan("0")),
        (2, yuan("0")),
    ]


@given(matches, st.integers(1, 50), st.integers(0, 10**9))
def test_a_bundle_costs_to_the_fen_what_its_line_costs(match: SkuMatch, quantity: int, minor: int) -> None:
    demands = explode("1", quantity, Money(minor), match)
    assert total((each.cash for each in demands), "CNY") == Money(minor)
    assert all(each.cash.amount_minor >= 0 for each in demands)
    assert [each.quantity for each in demands] == [part.quantity * quantity for part in match.components]
    assert len({each.line_id for each in demands}) == len(demands)


@pytest.mark.parametrize(
    "parts", [(), (Component("TEA", 0),), (Component("TEA", -1),), (Component("TEA", 1, -1), Component("CUP", 1))]
)
def test_a_match_that_needs_nothing_or_less_is_refused(parts: tuple[Component, ...]) -> None:
    with pytest.raises(InvalidOrder):
        SkuMatch(1, parts)


def test_units_are_summed_per_sku_in_the_order_of_the_sku() -> None:
    demands = [Demand("1", "TEA", 2, yuan("0")), Demand("2", "CUP", 1, yuan("0")), Demand("3", "TEA", 3, yuan("0"))]
    assert list(units_by_sku(demands).items()) == [("CUP", 1), ("TEA", 5)]


@pytest.mark.parametrize(
    ("available", "missing"),
    [
        ({"TEA": 5, "CUP": 1}, {}),
        ({"TEA": 9, "CUP": 9}, {}),
        ({"TEA": 4, "CUP": 1}, {"TEA": 1}),
        ({"TEA": 5}, {"CUP": 1}),
        ({}, {"TEA": 5, "CUP": 1}),
    ],
)
def test_the_shortage_names_what_is_missing_per_sku(available: dict[str, int], missing: dict[str, int]) -> None:
    assert shortage({"TEA": 5, "CUP": 1}, available) == missing


@pytest.mark.parametrize(
    ("available", "units"),
    [
        ({"TEA-GREEN-250": 9, "CUP-WHITE": 9}, 4),
        ({"TEA-GREEN-250": 3, "CUP-WHITE": 9}, 3),
        ({"TEA-GREEN-250": 9, "CUP-WHITE": 1}, 0),
        ({"TEA-GREEN-250": 9}, 0),
    ],
)
def test_a_bundle_can_be_sold_as_often_as_its_scarcest_part_suffices(available: dict[str, int], units: int) -> None:
    assert sellable(GIFT_BOX.components, available) == units


def test_a_sku_that_stands_twice_in_a_bundle_is_needed_twice() -> None:
    assert sellable((Component("CUP", 1), Component("CUP", 2)), {"CUP": 8}) == 2


@given(matches, st.dictionaries(st.sampled_from(["TEA", "CUP", "TIN"]), st.integers(0, 100)))
def test_what_can_be_sold_can_be_reserved_and_one_more_can_not(match: SkuMatch, available: dict[str, int]) -> None:
    units = sellable(match.components, available)
    wanted, more = (units_by_sku(explode("1", count, Money(0), match)) for count in (units, units + 1))
    assert not shortage(wanted, available)
    assert shortage(more, available)
